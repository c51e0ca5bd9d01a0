import type { AssetMessage, HeldAsset } from '../peers/index.ts'
import type { RandomStream } from '../kernel/index.ts'

/** What a liar answers to somebody who asks for an asset: right hashes and wrong leaves, or hashes of something else. */
export function assetLie(
  message: AssetMessage,
  truth: HeldAsset | undefined,
  random: RandomStream,
): AssetMessage | null {
  if (truth === undefined) return null
  const { cid } = message
  const { sizeBytes } = truth
  if (message.kind === 'want') {
    const hashes = truth.hashes.slice()
    if (random.below(2) === 0) hashes.set(random.bytes(32))
    return { kind: 'hashes', cid, sizeBytes, hashes }
  }
  if (message.kind !== 'want-leaf') return null
  const leaf = truth.leaves[message.leaf]
  if (leaf === null || leaf === undefined) return null
  const bytes = leaf.slice()
  bytes.set(random.bytes(Math.min(16, bytes.length)))
  return { kind: 'leaf', cid, leaf: message.leaf, bytes }
}
