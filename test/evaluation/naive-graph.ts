import type { CausalGraph } from '#protocol/history'

/** What a graph is told of a commit. */
export interface GraphCommit {
  device: string
  seq: number
  prev: number
  seen: readonly number[]
}

/** The causal graph by its plain meaning: sets and walks. Counts how often it is asked. */
export class NaiveGraph implements CausalGraph {
  /** Questions answered since the start. */
  questions = 0
  readonly #commits: GraphCommit[] = []
  readonly #devices: string[] = []

  add(commit: GraphCommit): number {
    if (!this.#devices.includes(commit.device)) this.#devices.push(commit.device)
    return this.#commits.push(commit) - 1
  }

  get length(): number {
    return this.#commits.length
  }

  get deviceCount(): number {
    return this.#devices.length
  }

  keyOf(device: number): string {
    return this.#devices[device] as string
  }

  deviceOf(order: number): number {
    return this.#devices.indexOf(this.#at(order).device)
  }

  seqOf(order: number): number {
    return this.#at(order).seq
  }

  prevOf(order: number): number {
    return this.#at(order).prev
  }

  seenOf(order: number): readonly number[] {
    return this.#at(order).seen
  }

  idOf(order: number): Uint8Array {
    const id = new Uint8Array(32)
    new DataView(id.buffer).setUint32(28, order)
    return id
  }

  knows(order: number, earlier: number): boolean {
    if (order === earlier) return true
    const { prev, seen } = this.#at(order)
    return [prev, ...seen].some((it) => it >= earlier && this.knows(it, earlier))
  }

  isAtOrAfter(order: number, earlier: number): boolean {
    for (let at = order; at >= earlier; at = this.#at(at).prev) if (at === earlier) return true
    return false
  }

  endsOf(device: number): readonly number[] {
    const inner = new Set(this.#commits.map((it) => it.prev))
    const orders = [...this.#commits.keys()]
    return orders.filter((order) => this.deviceOf(order) === device && !inner.has(order))
  }

  #at(order: number): GraphCommit {
    this.questions += 1
    return this.#commits[order] as GraphCommit
  }
}
