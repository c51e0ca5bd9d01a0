import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { sendPieces } from './piece-response.ts'

/** One answer of a server that sends these pieces, and what became of the sending. */
async function answered(
  pieces: AsyncGenerator<Uint8Array>,
  read: (response: Response) => Promise<unknown>,
): Promise<{ read: unknown; sent: string }> {
  const { promise: sent, resolve } = Promise.withResolvers<string>()
  const server = createServer((_, response) => {
    sendPieces(response, { 'content-type': 'x/y' }, pieces).then(
      () => resolve('sent'),
      () => resolve('failed'),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const response = await fetch(`http://127.0.0.1:${port}/`)
  const result = await read(response).catch(() => 'cut')
  const outcome = await sent
  server.close()
  server.closeAllConnections()
  return { read: result, sent: outcome }
}

const lengthOf = async (response: Response): Promise<number> => (await response.arrayBuffer()).byteLength

async function* piecesThen(count: number, end: () => void): AsyncGenerator<Uint8Array> {
  try {
    for (let i = 0; i < count; i += 1) yield new Uint8Array(70_000)
  } finally {
    end()
  }
}

test('a body of pieces arrives whole', async () => {
  expect(
    await answered(
      piecesThen(5, () => null),
      lengthOf,
    ),
  ).toEqual({ read: 350_000, sent: 'sent' })
})

test('a body that breaks off is not taken for a whole one', async () => {
  const broken = piecesThen(3, () => {
    throw new Error('the disk broke')
  })
  expect(await answered(broken, lengthOf)).toEqual({ read: 'cut', sent: 'failed' })
})

test('a client that goes away ends the work', async () => {
  let isEnded = false
  const endless = piecesThen(Infinity, () => (isEnded = true))
  const leave = async (response: Response): Promise<void> => response.body?.cancel()
  expect((await answered(endless, leave)).sent).toBe('failed')
  expect(isEnded).toBe(true)
})
