import { LEAF_BYTES, fileCid } from '#protocol/asset'
import { concatBytes } from '#protocol/encoding'
import { VIOLATIONS_MAX, violation } from './checker.ts'
import type { Checker, Violation } from './checker.ts'

/**
 * What lies on a shelf is what its CID names, worked out here from the bytes alone; but for a leaf that decayed on the
 * disk and was not read since.
 */
export const assetBytes: Checker = (world) => {
  const found: Violation[] = []
  for (const { number, shelf } of world.nodes) {
    for (const [name, { cid, sizeBytes, leaves }] of shelf?.held ?? []) {
      if (leaves.some((_, leaf) => shelf?.rotten.has(`${name}/${leaf}`) === true)) continue
      const whole = leaves.map((leaf) => leaf ?? NOTHING)
      const hashes = concatBytes(...whole.map((leaf) => world.books.digestOf(leaf)))
      const isWhole = whole.every(
        ({ length }, i) => length === Math.min(LEAF_BYTES, sizeBytes - i * LEAF_BYTES),
      )
      const sha256 = (bytes: Uint8Array): Uint8Array => world.books.digestOf(bytes)
      if (isWhole && fileCid(sizeBytes, hashes, sha256).cid.equals(cid)) continue
      const detail = `node ${number} holds bytes under ${cid.toString()} that it does not name`
      const what = { checker: 'asset-bytes', kind: 'correctness', detail, nodes: [number] } as const
      found.push(violation(world, what))
      if (found.length >= VIOLATIONS_MAX) return found
    }
  }
  return found
}

const NOTHING: Uint8Array = new Uint8Array(0)
