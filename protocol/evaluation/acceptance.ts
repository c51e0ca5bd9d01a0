import { reachOn } from './line.ts'
import type { Branches, Links, Place } from './branches.ts'
import type { Trusted } from './trusted.ts'

/** What acceptance is looked up in. */
export interface AcceptanceParts {
  readonly branches: Branches
  readonly links: Links
  readonly trusted: Trusted
}

/**
 * Orders of a device's commits that are the first on their branch to trust a commit of another device, ascending: those that
 * accepted what it paid to the device. Looked up on the chains, at the cost of what these hold behind the commit, where the
 * transfer itself is not kept any more.
 */
export function firstToTrust(order: number, device: number, parts: AcceptanceParts): number[] {
  const { branches, links } = parts
  const found: number[] = []
  const place = branches.placeOf(order)
  for (const { base, end, last } of branches.of(device)) {
    let seq = firstBehind(order, end, last, links)
    while (seq <= last && !trusts(links.onChain(end, seq), place, parts)) seq += 1
    // What its trunk accepted is accepted there.
    if (seq <= last && seq >= base) found.push(links.onChain(end, seq))
  }
  return found.sort((a, b) => a - b)
}

/** Seq of the first commit on a chain that stands behind a place of the log: none before knows what stands there. */
function firstBehind(order: number, end: number, last: number, links: Links): number {
  let low = 0
  let high = last + 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if (links.onChain(end, middle) < order) low = middle + 1
    else high = middle
  }
  return low
}

function trusts(by: number, { branch, seq }: Place, { branches, links, trusted }: AcceptanceParts): boolean {
  return !links.everySeen(by, (head) => {
    const upTo = Math.min(links.seqOf(head), trusted.upToHead(by, head))
    return reachOn(branch, branches.branchOf(head), upTo) < seq
  })
}
