import { decodeQR } from 'qr/decode.js'
import type { DecoderAnswer, DecoderFrame } from '#apps/page'

/** Retries of the decoder, ms: a frame of a camera is followed by another; a photo is not. */
const FRAME_LIMIT_MS = 40
const PHOTO_LIMIT_MS = 1_500

addEventListener('message', ({ data }: MessageEvent<DecoderFrame>) => {
  const answer: DecoderAnswer = { id: data.id, text: read(data) }
  postMessage(answer)
})

function read({ pixels, width, height, isPhoto }: DecoderFrame): string | null {
  try {
    const timeLimit = isPhoto ? PHOTO_LIMIT_MS : FRAME_LIMIT_MS
    return decodeQR({ width, height, data: new Uint8ClampedArray(pixels) }, { timeLimit })
  } catch {
    return null // No code in it.
  }
}
