import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from '../actors/node-process.ts'
import type { NodeProcess } from '../actors/node-process.ts'
import { Workbench } from '../actors/workbench.ts'

let bench: Workbench
let nas: NodeProcess

beforeAll(async () => {
  bench = await Workbench.open()
  nas = await bench.found('nas')
})
afterAll(async () => bench.close())

/** Asks for a live board over a bare socket. */
function upgrade(protocols: string): Socket {
  const { host, port } = new URL(nas.ready.http)
  const socket = connect(Number(port), '127.0.0.1', () => {
    const head = [
      'GET /v1/boards/x/live HTTP/1.1',
      ...[
        `Host: ${host}`,
        'Connection: Upgrade',
        'Upgrade: websocket',
        `Sec-WebSocket-Protocol: ${protocols}`,
      ],
      ...['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13'],
    ]
    socket.write(`${head.join('\r\n')}\r\n\r\n`)
  })
  return socket.on('error', () => null)
}

test('a client without a token that asks for a board and resets the connection does not end the node', async () => {
  for (let i = 0; i < 60; i += 1) {
    const socket = upgrade('coopmesh.board.1')
    await sleep(i % 10)
    socket.resetAndDestroy()
  }
  expect((await nas.status()).name).toBe('North Market')
})

test('a command whose reader goes away ends quietly', async () => {
  const coop = join(ROOT, 'node', 'coop.mjs')
  const child = spawn(process.execPath, [coop, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.destroy()
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString('utf8')))
  const code = await new Promise((resolve) => child.once('close', resolve))
  expect(complaint).toBe('')
  expect(code).toBe(0)
})

test('help and version are one JSON value with --json', async () => {
  for (const args of [['--help'], ['--version'], ['help', 'found'], ['board', '--help']]) {
    const { code, stdout } = await bench.coop('nas', ...args, '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toBeTypeOf('object')
  }
})

test('a page that answers nothing any more does not keep the node from ending', async () => {
  const token = new URL(nas.ready.url).hash.slice('#token='.length)
  const socket = upgrade(`coopmesh.board.1, token.${token}`)
  await new Promise((resolve) => socket.once('data', resolve))
  const startMs = Date.now()
  expect(await nas.stop()).toBe(0)
  expect(Date.now() - startMs).toBeLessThan(8_000)
  socket.destroy()
})
