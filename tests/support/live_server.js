// A live source of events on node's http, https and http2, for tests; tests/support/live.h says what it answers.
// usage: node live_server.js http|https|h2c|h2 CERTIFICATE KEY TLS_VERSION
'use strict'
const fs = require('fs')
const http = require('http')
const http2 = require('http2')
const https = require('https')

const [kind, certificate, key, version] = process.argv.slice(2)

const EVENTS = 130
const PART = 40
const HELD = 60

// The same text as in live_server.py, for each number.
function dataOf (stream, number) {
  const filler = 'é€ab'.repeat(1 + (number * 37) % 50) + 'x'.repeat(number % 20 === 0 ? 16384 : 0)
  return `${stream} ${number} ${filler}`
}

function hash (state, text) {
  for (const byte of Buffer.from(text, 'utf8')) state = Math.imul(state ^ byte, 16777619) >>> 0
  return state
}

// What each stream was sent for the first time.
const written = new Map()

function note (stream, number, data) {
  const w = written.get(stream) || { count: 0, hash: 2166136261 }
  if (number === w.count + 1) written.set(stream, { count: number, hash: hash(w.hash, `${number}\n${data}\n`) })
}

// HTTP/2 ends the stream and leaves its neighbours alone, HTTP/1.1 ends the connection.
function cut (res) {
  if (res.stream) res.stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR)
  else if (res.socket) res.socket.destroy()
}

function live (res, mode, stream, after) {
  let number = after
  if (mode === 'to-close') res.useChunkedEncodingByDefault = false
  res.writeHead(200, { 'Content-Type': 'text/event-stream' })
  function next () {
    if (res.destroyed || (res.stream && res.stream.destroyed)) return
    if (number === EVENTS) return res.end()
    number++
    const data = dataOf(stream, number)
    res.write(`id: ${number}\n`)
    const last = number === after + PART && number !== EVENTS
    // Cut between the lines of an event, and only when what came before is on its way.
    if (last && mode === 'cut') return res.write(': half of an event\n', () => cut(res))
    note(stream, number, data)
    res.write(`data: ${data}\n\n`)
    if (last && mode === 'end') return res.end()
    if (mode !== 'held' || number !== HELD || after !== 0) setImmediate(next)
  }
  next()
}

function upload (req, res) {
  let len = 0
  let state = 2166136261
  req.on('data', part => {
    len += part.length
    for (const byte of part) state = Math.imul(state ^ byte, 16777619) >>> 0
  })
  req.on('end', () => res.end(`${len} ${state}`))
}

function keepFor (ms) {
  keepAlive = ms
  server.keepAliveTimeout = ms
}

function answer (req, res) {
  const [, what, stream] = req.url.split('/')
  if (what === 'written') {
    const w = written.get(stream) || { count: 0, hash: 0 }
    res.end(`${w.count} ${w.hash}`)
  } else if (what === 'upload') {
    upload(req, res)
  } else if (what === 'keep-alive') {
    keepFor(Number(stream))
    res.end(stream)
  } else if (what === 'nothing') {
    res.writeHead(204).end()
  } else if (what === 'hints') {
    res.writeEarlyHints({ link: '</style.css>; rel=preload' })
    res.end('after hints')
  } else if (what === 'trailers') {
    res.writeHead(200, { Trailer: 'X-After' })
    res.write('before trailers')
    res.addTrailers({ 'X-After': '1' })
    res.end()
  } else {
    live(res, what, stream, Number(req.headers['last-event-id'] || 0))
  }
}

function secrets () {
  const only = `TLSv${version}`
  return { cert: fs.readFileSync(certificate), key: fs.readFileSync(key), minVersion: only, maxVersion: only }
}

const servers = {
  http: () => http.createServer(answer),
  https: () => https.createServer(secrets(), answer),
  h2c: () => http2.createServer(answer),
  h2: () => http2.createSecureServer({ ...secrets(), allowHTTP1: true }, answer)
}
const server = servers[kind]()
let keepAlive
keepFor(60000)
// What newer versions of node add to it.
server.keepAliveTimeoutBuffer = 0
// As with HTTP/1.1, a connection is kept for its first request however long that takes.
server.on('session', session => {
  session.once('stream', () => session.setTimeout(keepAlive, () => session.close()))
})
server.listen(0, '127.0.0.1')
