import type { Stream } from '@libp2p/interface'
import { JOIN_MESSAGE_BYTES_MAX, decodeJoinAnswer, encodeRenewalRequest } from '#protocol/invite'
import type { JoinAnswer, RenewalRequest } from '#protocol/invite'
import { FramedStream } from './framed-stream.ts'

/** How long the device that is asked may take to check, write and answer, ms. As for a join. */
const ANSWER_TIMEOUT_MS = 12_000

/** Asks for the admission of a new key over a join stream; null when the answer is none. Throws when none comes. */
export async function askForNewKey(stream: Stream, request: RenewalRequest): Promise<JoinAnswer | null> {
  const framed = new FramedStream(stream, JOIN_MESSAGE_BYTES_MAX)
  try {
    await framed.send(encodeRenewalRequest(request))
    return decodeJoinAnswer(await framed.next(ANSWER_TIMEOUT_MS))
  } finally {
    await framed.close()
  }
}
