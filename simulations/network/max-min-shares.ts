/** Relative difference of two shares that counts as none: far above rounding, far below a byte a second. */
const TOLERANCE = 1e-9
/** No entry, no resource. */
const NONE = -1

/**
 * Divides the capacities of resources among the flows that cross them, max-min fairly: no flow can get more without
 * taking from one that has no more than itself. Found by progressive filling (Bertsekas and Gallager, *Data Networks*,
 * 2nd edition 1992, section 6.5.2): the resource that can give its flows least fixes them, and so on.
 *
 * Kept up to date cheaply: shares are max-min fair exactly when each flow has a *bottleneck*, a full resource on which
 * nobody has more than it. So only what is new is divided anew, with the others as they are; whoever then has no
 * bottleneck any more, or has more than a flow that cannot grow beside it, joins, until nobody does.
 */
export class MaxMinShares {
  /** By flow: its share, in the unit of the capacities; 0 while it does not run. */
  readonly shares: Float64Array
  /** By resource: flows that cross it now. */
  readonly crowds: Uint32Array
  readonly #capacities: Float64Array
  readonly #width: number
  /** `width` places a flow: the resources that it crosses, then `NONE`. */
  readonly #paths: Int32Array
  readonly #bottlenecks: Int32Array
  /** By resource: the first of the places that cross it. By place: its neighbours on that resource. */
  readonly #first: Int32Array
  readonly #next: Int32Array
  readonly #previous: Int32Array
  readonly #runs: Uint8Array
  /** The flows that are divided anew, and a mark by flow: 1 among them, 2 once their share is fixed. */
  #flows: number[] = []
  readonly #marks: Uint8Array
  /** The resources looked at, and a mark by resource. */
  #touched: number[] = []
  readonly #isTouched: Uint8Array
  readonly #left: Float64Array
  readonly #open: Uint32Array
  readonly #heap: ShareHeap = new ShareHeap()

  /** `capacities`: above 0, by resource. `paths`: `width` places a flow, filled up with -1. No resource twice a flow. */
  constructor(capacities: Float64Array, paths: Int32Array, width: number) {
    const flows = paths.length / width
    this.#capacities = capacities
    this.#paths = paths
    this.#width = width
    this.shares = new Float64Array(flows)
    this.crowds = new Uint32Array(capacities.length)
    this.#bottlenecks = new Int32Array(flows).fill(NONE)
    this.#first = new Int32Array(capacities.length).fill(NONE)
    this.#next = new Int32Array(paths.length).fill(NONE)
    this.#previous = new Int32Array(paths.length).fill(NONE)
    this.#runs = new Uint8Array(flows)
    this.#marks = new Uint8Array(flows)
    this.#isTouched = new Uint8Array(capacities.length)
    this.#left = new Float64Array(capacities.length)
    this.#open = new Uint32Array(capacities.length)
  }

  /** True when something changed since `update`. */
  get isStale(): boolean {
    return this.#flows.length > 0 || this.#touched.length > 0
  }

  /** The flow begins. A flow that has all its resources to itself gets its share at once: true. */
  join(flow: number): boolean {
    this.#runs[flow] = 1
    const start = flow * this.#width
    let isAlone = true
    let least = Number.POSITIVE_INFINITY
    for (let place = start; place < start + this.#width; place += 1) {
      const resource = this.#paths[place] as number
      if (resource === NONE) break
      const head = this.#first[resource] as number
      this.#next[place] = head
      this.#previous[place] = NONE
      if (head !== NONE) this.#previous[head] = place
      this.#first[resource] = place
      this.crowds[resource] = (this.crowds[resource] as number) + 1
      if (head !== NONE) isAlone = false
      const capacity = this.#capacities[resource] as number
      if (capacity < least) {
        least = capacity
        this.#bottlenecks[flow] = resource
      }
    }
    if (isAlone) this.shares[flow] = least
    else this.#include(flow)
    return isAlone
  }

  /** The flow ends. */
  leave(flow: number): void {
    this.#runs[flow] = 0
    this.shares[flow] = 0
    this.#bottlenecks[flow] = NONE
    const start = flow * this.#width
    for (let place = start; place < start + this.#width; place += 1) {
      const resource = this.#paths[place] as number
      if (resource === NONE) break
      const previous = this.#previous[place] as number
      const next = this.#next[place] as number
      if (previous === NONE) this.#first[resource] = next
      else this.#next[previous] = next
      if (next !== NONE) this.#previous[next] = previous
      this.crowds[resource] = (this.crowds[resource] as number) - 1
      if (next !== NONE || previous !== NONE) this.#touch(resource)
    }
  }

  /** Changes what a resource can carry; above 0. */
  setCapacity(resource: number, capacity: number): void {
    this.#capacities[resource] = capacity
    this.#touch(resource)
  }

  /** Brings all shares up to date and calls `changed` for each flow whose share may be another one. */
  update(changed: (flow: number) => void): void {
    // A flow that joined and left again in between is no longer of interest.
    this.#flows = this.#flows.filter((flow) => {
      if (this.#runs[flow] === 0) this.#marks[flow] = 0
      return this.#runs[flow] === 1
    })
    for (const flow of this.#flows) this.#touchPath(flow)
    do this.#divide()
    while (this.#widen())
    const flows = this.#flows
    this.#flows = []
    for (const resource of this.#touched) this.#isTouched[resource] = 0
    this.#touched = []
    for (const flow of flows) this.#marks[flow] = 0
    for (const flow of flows) changed(flow)
  }

  /** Progressive filling among the flows that are divided anew; the others keep what they have. */
  #divide(): void {
    const { shares } = this
    for (const flow of this.#flows) this.#marks[flow] = 1
    for (const resource of this.#touched) this.#measure(resource)
    for (let resource = this.#heap.pop(); resource !== NONE; resource = this.#heap.pop()) {
      const open = this.#open[resource] as number
      if (open === 0) continue
      const share = Math.max(0, this.#left[resource] as number) / open
      // Since it was put in, others of its flows were fixed below its share: what is left for the rest has grown.
      if (share > this.#heap.key) {
        this.#heap.push(share, resource)
        continue
      }
      for (let place = this.#first[resource] as number; place !== NONE; place = this.#next[place] as number) {
        const flow = Math.floor(place / this.#width)
        if (this.#marks[flow] !== 1) continue
        shares[flow] = share
        this.#bottlenecks[flow] = resource
        this.#marks[flow] = 2
        this.#take(flow, share)
      }
    }
  }

  /** What is left of a resource for the flows that are divided anew. */
  #measure(resource: number): void {
    let left = this.#capacities[resource] as number
    let open = 0
    for (let place = this.#first[resource] as number; place !== NONE; place = this.#next[place] as number) {
      const flow = Math.floor(place / this.#width)
      if (this.#marks[flow] === 0) left -= this.shares[flow] as number
      else open += 1
    }
    this.#left[resource] = left
    this.#open[resource] = open
    if (open > 0) this.#heap.push(Math.max(0, left) / open, resource)
  }

  #take(flow: number, share: number): void {
    const start = flow * this.#width
    for (let place = start; place < start + this.#width; place += 1) {
      const resource = this.#paths[place] as number
      if (resource === NONE) break
      this.#left[resource] = (this.#left[resource] as number) - share
      this.#open[resource] = (this.#open[resource] as number) - 1
    }
  }

  /** Adds the flows that cannot keep what they have; false when there is none. */
  #widen(): boolean {
    const before = this.#flows.length
    // New resources are touched on the way; they are looked at after the next division.
    const touched = this.#touched.length
    for (let i = 0; i < touched; i += 1) this.#widenAt(this.#touched[i] as number)
    return this.#flows.length > before
  }

  #widenAt(resource: number): void {
    const capacity = this.#capacities[resource] as number
    let used = 0
    let most = 0
    let mostFixedHere = Number.POSITIVE_INFINITY
    for (let place = this.#first[resource] as number; place !== NONE; place = this.#next[place] as number) {
      const flow = Math.floor(place / this.#width)
      const share = this.shares[flow] as number
      used += share
      if (this.#marks[flow] === 0) continue
      if (share > most) most = share
      // All flows that one division fixes at one resource have the same share.
      if (this.#bottlenecks[flow] === resource) mostFixedHere = share
    }
    const isFull = used >= capacity * (1 - TOLERANCE)
    const isOver = used > capacity * (1 + TOLERANCE)
    for (let place = this.#first[resource] as number; place !== NONE; place = this.#next[place] as number) {
      const flow = Math.floor(place / this.#width)
      if (this.#marks[flow] !== 0) continue
      const share = this.shares[flow] as number
      const hasTooMuch = isOver || share > mostFixedHere * (1 + TOLERANCE)
      const isFixedHere = this.#bottlenecks[flow] === resource
      if (hasTooMuch || (isFixedHere && (!isFull || most > share * (1 + TOLERANCE)))) this.#include(flow)
    }
  }

  #include(flow: number): void {
    if (this.#marks[flow] !== 0) return
    this.#marks[flow] = 1
    this.#flows.push(flow)
    this.#touchPath(flow)
  }

  #touchPath(flow: number): void {
    const start = flow * this.#width
    for (let place = start; place < start + this.#width; place += 1) {
      const resource = this.#paths[place] as number
      if (resource === NONE) break
      this.#touch(resource)
    }
  }

  #touch(resource: number): void {
    if (this.#isTouched[resource] === 1) return
    this.#isTouched[resource] = 1
    this.#touched.push(resource)
  }
}

/** Resources by the share that they can give, least first; equal shares by number. */
class ShareHeap {
  /** Share of the resource taken out last. */
  key = 0
  readonly #keys: number[] = []
  readonly #resources: number[] = []

  push(key: number, resource: number): void {
    let at = this.#keys.length
    this.#keys.push(key)
    this.#resources.push(resource)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#isBefore(at, parent)) break
      this.#swap(at, parent)
      at = parent
    }
  }

  /** The resource that can give least; `NONE` when there is no more. */
  pop(): number {
    const resource = this.#resources[0]
    if (resource === undefined) return NONE
    this.key = this.#keys[0] as number
    const lastKey = this.#keys.pop() as number
    const lastResource = this.#resources.pop() as number
    if (this.#keys.length > 0) {
      this.#keys[0] = lastKey
      this.#resources[0] = lastResource
      this.#sink()
    }
    return resource
  }

  #sink(): void {
    const size = this.#keys.length
    let at = 0
    for (;;) {
      const left = at * 2 + 1
      if (left >= size) return
      const child = left + 1 < size && this.#isBefore(left + 1, left) ? left + 1 : left
      if (!this.#isBefore(child, at)) return
      this.#swap(at, child)
      at = child
    }
  }

  #isBefore(a: number, b: number): boolean {
    const keyA = this.#keys[a] as number
    const keyB = this.#keys[b] as number
    return keyA < keyB || (keyA === keyB && (this.#resources[a] as number) < (this.#resources[b] as number))
  }

  #swap(a: number, b: number): void {
    const key = this.#keys[a] as number
    const resource = this.#resources[a] as number
    this.#keys[a] = this.#keys[b] as number
    this.#resources[a] = this.#resources[b] as number
    this.#keys[b] = key
    this.#resources[b] = resource
  }
}
