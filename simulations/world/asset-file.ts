import { LEAF_BYTES } from '#protocol/asset'
import type { RandomStream } from '../kernel/index.ts'

const PATTERN_BYTES = 64

/** Draws a file of 1 to `bytesMax` bytes: a pattern of a few drawn bytes, whose leaves differ. */
export function drawFile(bytesMax: number, random: RandomStream): Uint8Array {
  const bytes = new Uint8Array(1 + random.below(bytesMax))
  const pattern = random.bytes(PATTERN_BYTES)
  for (let at = 0; at < bytes.length; at += PATTERN_BYTES) {
    bytes.set(pattern.subarray(0, Math.min(PATTERN_BYTES, bytes.length - at)), at)
    pattern[at % PATTERN_BYTES] = ((pattern[at % PATTERN_BYTES] ?? 0) + 1) & 255
    if (at % LEAF_BYTES === 0) pattern[0] = at / LEAF_BYTES
  }
  return bytes
}
