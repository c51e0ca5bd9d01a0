import { History } from '#protocol/history'
import type { HistoryPool } from '#protocol/history'
import type { SeededRandom } from '#simulations/mesh'

/** One commit of a made-up causal graph; links are places in the list. */
export interface MadeCommit {
  /** Device key, 32 bytes. */
  device: Uint8Array
  seq: number
  /** -1 for a first commit. */
  prev: number
  seen: number[]
  id: Uint8Array
}

/** What a graph is drawn from. */
export interface GraphShape {
  devices: number
  commits: number
  /** One commit in so many does not follow the end of its chain; 0 for none. */
  forkOneIn: number
  /** Commits acknowledged at most. */
  seenMax: number
}

/** A random causal graph, in an order that is causal. */
export function randomGraph(random: SeededRandom, shape: GraphShape): MadeCommit[] {
  const graph: MadeCommit[] = []
  const keys = Array.from({ length: shape.devices }, () => random.bytes(32))
  const own = keys.map((): number[] => [])
  for (let at = 0; at < shape.commits; at += 1) {
    const device = random.below(shape.devices)
    const chain = own[device] ?? []
    const isForking = shape.forkOneIn > 0 && random.below(shape.forkOneIn) === 0
    const prev = isForking ? (chain[random.below(chain.length + 1)] ?? -1) : (chain.at(-1) ?? -1)
    const seen = new Set<number>()
    for (let i = at === 0 ? 0 : random.below(shape.seenMax + 1); i > 0; i -= 1) {
      const head = random.below(at)
      if (!chain.includes(head)) seen.add(head)
    }
    const seq = prev < 0 ? 0 : (graph[prev]?.seq ?? 0) + 1
    graph.push({ device: keys[device] ?? random.bytes(32), seq, prev, seen: [...seen], id: random.bytes(32) })
    chain.push(at)
  }
  return graph
}

/** Places of the graph in another order that is causal too. */
export function reordered(graph: readonly MadeCommit[], random: SeededRandom): number[] {
  const order: number[] = []
  const placed = new Set<number>([-1])
  const left = new Set(graph.keys())
  while (left.size > 0) {
    const ready = [...left].filter((at) => linksOf(graph[at]).every((link) => placed.has(link)))
    const at = ready[random.below(ready.length)] ?? -1
    left.delete(at)
    placed.add(at)
    order.push(at)
  }
  return order
}

/**
 * A history of these places of the graph, in this order; links to places that are left out must not occur.
 *
 * @param pool - what it shares with others; default: nothing
 */
export function historyOf(
  graph: readonly MadeCommit[],
  places: Iterable<number> = graph.keys(),
  pool: HistoryPool | null = null,
): History {
  const history = new History(7, 'judged', pool)
  const find = (at: number): number => (at < 0 ? -1 : history.find(graph[at]?.id ?? new Uint8Array(32)))
  for (const at of places) {
    const commit = graph[at]
    if (commit === undefined) throw new RangeError(`no commit ${at}`)
    history.add({ ...commit, prev: find(commit.prev), seen: commit.seen.map(find) })
  }
  return history
}

/** The causal past of each commit, itself included: the slow and plain way. */
export function pastsOf(graph: readonly MadeCommit[]): Set<number>[] {
  const pasts: Set<number>[] = []
  for (const [at, commit] of graph.entries()) {
    const past = new Set([at])
    for (const link of linksOf(commit)) for (const known of pasts[link] ?? []) past.add(known)
    pasts.push(past)
  }
  return pasts
}

/** The lowest seq of which a set of places holds two commits of a device; Infinity for none. */
export function forkSeqOf(
  graph: readonly MadeCommit[],
  places: Iterable<number>,
  device: Uint8Array,
): number {
  const seqs = new Set<number>()
  let lowest = Infinity
  for (const at of places) {
    const commit = graph[at]
    if (commit === undefined || commit.device !== device) continue
    if (seqs.has(commit.seq)) lowest = Math.min(lowest, commit.seq)
    seqs.add(commit.seq)
  }
  return lowest
}

/** Heads that a commit relies on: cut to what lies before the place where its own past shows that the chain parts. */
export function reliedHeads(graph: readonly MadeCommit[], at: number, past: Iterable<number>): number[] {
  const known = [...past]
  return (graph[at]?.seen ?? []).flatMap((head) => {
    const device = graph[head]?.device ?? new Uint8Array()
    const forkSeq = forkSeqOf(graph, known, device)
    let place = head
    while (place >= 0 && (graph[place]?.seq ?? 0) >= forkSeq) place = graph[place]?.prev ?? -1
    return place < 0 ? [] : [place]
  })
}

/** What each commit relies on, itself included: the slow and plain way. */
export function reliancesOf(graph: readonly MadeCommit[]): Set<number>[] {
  const pasts = pastsOf(graph)
  const reliances: Set<number>[] = []
  for (const [at, { prev }] of graph.entries()) {
    const relied = new Set([at])
    for (const link of [prev, ...reliedHeads(graph, at, pasts[at] ?? [])])
      for (const known of reliances[link] ?? []) relied.add(known)
    reliances.push(relied)
  }
  return reliances
}

/** The commits that documents show, of those at these places: the slow and plain way. */
export function shownOf(graph: readonly MadeCommit[], places: Iterable<number>): Set<number> {
  const stored = [...places]
  const pasts = pastsOf(graph)
  const forkSeqs = new Map(stored.map((at) => [graph[at]?.device, 0]))
  for (const device of forkSeqs.keys())
    forkSeqs.set(device, forkSeqOf(graph, stored, device ?? new Uint8Array()))
  const shown = new Set(
    stored.filter((at) => (graph[at]?.seq ?? 0) < (forkSeqs.get(graph[at]?.device) ?? Infinity)),
  )
  for (let size = -1; size !== shown.size;) {
    size = shown.size
    for (const at of [...shown])
      for (const head of reliedHeads(graph, at, pasts[at] ?? []))
        for (const before of chainOf(graph, head)) shown.add(before)
  }
  return shown
}

/** Places on the commit's own chain, itself included. */
export function chainOf(graph: readonly MadeCommit[], at: number): number[] {
  const chain: number[] = []
  for (let place = at; place >= 0; place = graph[place]?.prev ?? -1) chain.push(place)
  return chain
}

function linksOf(commit: MadeCommit | undefined): number[] {
  return commit === undefined ? [] : [...(commit.prev < 0 ? [] : [commit.prev]), ...commit.seen]
}
