import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/**
 * Sends a body piece by piece, as fast as it is taken. When `pieces` fails, the connection is cut, so that nobody takes
 * half a body for a whole one; a client that goes away ends `pieces`. Rejects in both cases.
 */
export async function sendPieces(
  response: ServerResponse,
  headers: OutgoingHttpHeaders,
  pieces: AsyncIterable<Uint8Array>,
): Promise<void> {
  response.writeHead(200, headers)
  await pipeline(Readable.from(pieces, { objectMode: false }), response)
}
