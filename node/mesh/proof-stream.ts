import type { Connection, Stream } from '@libp2p/interface'
import { encodeCanonical } from '#protocol/encoding'
import { FORK_PROOF_BYTES_MAX } from '#protocol/evidence'
import { FramedStream } from './framed-stream.ts'

/** Protocol of the stream on which a suspended device is handed the proof of its fork. */
export const PROOF_PROTOCOL = '/coopmesh/proof/1'
/**
 * How long the suspended device may take to hear why, before its connection is cut. A guess: a round trip of a slow
 * uplink; the device comes again and is told then.
 */
export const TELL_TIMEOUT_MS = 2_000
/** Bytes of the answer: one byte that means heard. */
const ANSWER_BYTES_MAX = 16

/** Hands a proof over a connection; resolves once the device has heard it. Rejects when it does not in time. */
export async function handProof(connection: Connection, proof: Uint8Array): Promise<void> {
  const signal = AbortSignal.timeout(TELL_TIMEOUT_MS)
  const stream = await connection.newStream(PROOF_PROTOCOL, { signal })
  const framed = new FramedStream(stream, ANSWER_BYTES_MAX)
  try {
    await framed.send(proof)
    await framed.next(TELL_TIMEOUT_MS)
  } finally {
    framed.abort('told')
  }
}

/** Reads a proof, has it taken by `take`, then answers. */
export async function takeProof(stream: Stream, take: (proof: Uint8Array) => void): Promise<void> {
  const framed = new FramedStream(stream, FORK_PROOF_BYTES_MAX)
  try {
    take(await framed.next(TELL_TIMEOUT_MS))
    await framed.send(encodeCanonical(1))
    await framed.close()
  } finally {
    framed.abort('done')
  }
}
