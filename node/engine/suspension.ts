import { compareBytes, fromHex, toHex } from '#protocol/encoding'
import type { Replica } from '#protocol/replica'

/** Why a device is suspended: it signed two commits of one seq. Whoever holds both can check it. */
export interface Suspension {
  /** Device key in hex. */
  device: string
  reason: 'fork'
  /** The lowest seq at which its histories part. */
  seq: number
  /** Ids (hex) of two commits of that seq: the smallest ones that are here, ascending. */
  commits: [string, string]
}

/** Which devices a replica knows to have written two histories. */
export class Suspensions {
  readonly #replica: Replica
  /** By device number: what was found, and of how many branches. */
  readonly #found = new Map<number, { branches: number; suspension: Suspension }>()
  /** Numbers of devices that were told of. */
  readonly #told: Set<number>

  constructor(replica: Replica) {
    this.#replica = replica
    this.#told = new Set(replica.forkEnds.forked)
  }

  /** The suspension of a device (hex), or null. */
  of(device: string): Suspension | null {
    const { history, forkEnds } = this.#replica
    if (forkEnds.forked.size === 0) return null
    const number = history.findDevice(fromHex(device) ?? NO_KEY)
    return forkEnds.forked.has(number) ? this.#find(number) : null
  }

  /** All of them, in the order in which the devices turned up. */
  all(): Suspension[] {
    return [...this.#replica.forkEnds.forked].sort((a, b) => a - b).map((number) => this.#find(number))
  }

  /** Those that became known since the last call, or since this was made. */
  takeNew(): Suspension[] {
    const { forked } = this.#replica.forkEnds
    if (forked.size === this.#told.size) return []
    const fresh = [...forked].filter((number) => !this.#told.has(number))
    for (const number of fresh) this.#told.add(number)
    return fresh.map((number) => this.#find(number))
  }

  #find(number: number): Suspension {
    const { history } = this.#replica
    const branches = history.branchesOf(number)
    const known = this.#found.get(number)
    if (known?.branches === branches.length) return known.suspension
    // Below the lowest base of a branch that parted from another there is one history only.
    const bases = branches.slice(1).map((branch) => branch.base)
    const seq = bases.reduce((lowest, base) => Math.min(lowest, base), Number.MAX_SAFE_INTEGER)
    const ids = [...new Set(branches.map((branch) => branch.at(seq)))]
      .filter((order) => order >= 0)
      .map((order) => history.idOf(order))
      .sort(compareBytes)
      .map(toHex)
    const commits: Suspension['commits'] = [ids[0] ?? '', ids[1] ?? '']
    const suspension = { device: toHex(history.keyOf(number)), reason: 'fork', seq, commits } as const
    this.#found.set(number, { branches: branches.length, suspension })
    return suspension
  }
}

const NO_KEY = new Uint8Array(32)
