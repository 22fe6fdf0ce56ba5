// A live source of events on node's http, for tests; tests/support/live.h says what it answers.
// usage: node live_server.js KEEP_ALIVE_MS
'use strict'
const http = require('http')

const EVENTS = 300
const PART = 40

// The same text as in live_server.py, for each number.
function dataOf (stream, number) {
  const filler = 'é€ab'.repeat(1 + (number * 37) % 50) + 'x'.repeat(number % 50 === 0 ? 16384 : 0)
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

function live (res, mode, stream, after) {
  let number = after
  if (mode === 'to-close') res.useChunkedEncodingByDefault = false
  res.writeHead(200, { 'Content-Type': 'text/event-stream' })
  function next () {
    if (res.destroyed) return
    if (number === EVENTS) return res.end()
    number++
    const data = dataOf(stream, number)
    res.write(`id: ${number}\n`)
    const last = number === after + PART && number !== EVENTS
    // Cut between the lines of an event, and only when what came before is on its way.
    if (last && mode === 'cut') return res.write(': half of an event\n', () => res.socket && res.socket.destroy())
    note(stream, number, data)
    res.write(`data: ${data}\n\n`)
    if (last && mode === 'end') return res.end()
    setImmediate(next)
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

const server = http.createServer((req, res) => {
  const [, what, stream] = req.url.split('/')
  if (what === 'written') {
    const w = written.get(stream) || { count: 0, hash: 0 }
    res.end(`${w.count} ${w.hash}`)
  } else if (what === 'upload') {
    upload(req, res)
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
})
server.keepAliveTimeout = Number(process.argv[2])
server.listen(0, '127.0.0.1')
