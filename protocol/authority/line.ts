import { compareBytes } from '../encoding/index.ts'
import type { Epoch } from './epoch.ts'

/**
 * The end of the chosen line: of committed children of one epoch the chosen one, from the founding epoch on
 * (docs/protocol/authority.md, The line). A function of the stored set.
 */
export function tipOf(founding: Epoch): Epoch {
  const subtrees = new Map<Epoch, ReadonlySet<string>>()
  let tip = founding
  for (;;) {
    const chosen = chosenOf(tip.children, subtrees)
    if (chosen === null) return tip
    tip = chosen
  }
}

function chosenOf(children: readonly Epoch[], subtrees: Map<Epoch, ReadonlySet<string>>): Epoch | null {
  const [first, ...others] = children
  if (first === undefined) return null
  if (others.length === 0) return first
  const weights = weightsOf(children, subtrees)
  const order = (a: Epoch, b: Epoch): number =>
    Number(isChildless(a)) - Number(isChildless(b)) ||
    Number(a.isRecovery) - Number(b.isRecovery) ||
    b.votes.attempt() - a.votes.attempt() ||
    (weights.get(b) ?? 0) - (weights.get(a) ?? 0) ||
    b.removals - a.removals ||
    compareBytes(a.id, b.id)
  return children.toSorted(order)[0] ?? null
}

/** Nobody has lived on in it: what turns up late takes nothing back that people went on from. */
function isChildless(epoch: Epoch): boolean {
  return epoch.children.length === 0
}

/**
 * Stewards of the parent who signed in the subtree of each child. A double signer counts for none; of one who signed
 * several along one chain, only the child of the latest round does.
 */
function weightsOf(
  children: readonly Epoch[],
  subtrees: Map<Epoch, ReadonlySet<string>>,
): Map<Epoch, number> {
  const stewards = [...(children[0]?.parent?.stewards.keys() ?? [])]
  const voices = new Map(stewards.map((steward) => [steward, voiceOf(steward, children)]))
  return new Map(
    children.map((child) => {
      const signers = signersBelow(child, subtrees)
      const counted = stewards.filter((steward) => {
        const voice = voices.get(steward) ?? 'any'
        return signers.has(steward) && (voice === 'any' || voice === child)
      })
      return [child, counted.length]
    }),
  )
}

/** The one child that a steward counts for; `any` when it did not sign several. */
function voiceOf(steward: string, children: readonly Epoch[]): Epoch | 'any' | 'none' {
  if (children.some((it) => it.votes.isDoubleSigner(steward))) return 'none'
  let latest: { child: Epoch; round: number } | null = null
  let signed = 0
  for (const child of children) {
    const rounds = child.votes.signedBy().get(steward)
    if (rounds === undefined) continue
    signed += 1
    for (const round of rounds) if (latest === null || round > latest.round) latest = { child, round }
  }
  return signed < 2 ? 'any' : (latest?.child ?? 'any')
}

/** Everybody who signed a seal or one that follows it. */
function signersBelow(epoch: Epoch, subtrees: Map<Epoch, ReadonlySet<string>>): ReadonlySet<string> {
  const known = subtrees.get(epoch)
  if (known !== undefined) return known
  // No recursion: a line is as long as a co-op lives.
  const walk = [epoch]
  for (const at of walk) walk.push(...at.children.filter((it) => !subtrees.has(it)))
  for (const at of walk.toReversed()) {
    const signers = new Set(at.votes.signedBy().keys())
    for (const child of at.children) for (const signer of subtrees.get(child) ?? []) signers.add(signer)
    subtrees.set(at, signers)
  }
  return subtrees.get(epoch) ?? new Set()
}
