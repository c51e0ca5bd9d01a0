import type { Act } from '#protocol/evaluation'

/**
 * Everything that was ever written and signed, whoever has it. Ids are creation numbers: what is linked is
 * lower.
 */
export interface WorldCommit {
  readonly id: number
  readonly device: number
  readonly seq: number
  /** -1 for a first commit. */
  readonly prev: number
  readonly seen: readonly number[]
  /** Id of the cited seal. */
  readonly epoch: number
  readonly acts: Act[]
  /** Ids of the commits of its chain up to itself, as bits. */
  readonly chain: bigint
  /** Ids of its causal past with itself, as bits. */
  readonly past: bigint
}

export interface WorldAllowance {
  readonly device: number
  readonly unit: string
  readonly amount: bigint
  /** The silent device whose amount this replaces: issued against its loss account; -1 for none. */
  readonly insteadOf: number
}

export interface WorldSeal {
  readonly id: number
  /** -1 for the founding one. */
  readonly parent: number
  readonly height: number
  readonly signers: readonly number[]
  /** Commit id by device. */
  readonly frontier: ReadonlyMap<number, number>
  readonly closed: readonly number[]
  readonly floor: number
  readonly proofs: ReadonlyMap<number, number>
  readonly allowances: readonly WorldAllowance[]
}

export type SealDraft = Partial<Omit<WorldSeal, 'id' | 'parent' | 'height'>>

/** A set of commits and seals that a replica stores; closed under what they link to. */
export interface Store {
  readonly commits: Set<number>
  readonly seals: Set<number>
}

export class World {
  readonly deviceCount: number
  /** Whether a debit of a unit that is not defined in its commit's past is void. */
  readonly demandsUnits: boolean
  readonly founding: readonly WorldAllowance[]
  readonly commits: WorldCommit[] = []
  readonly seals: WorldSeal[]

  constructor(
    deviceCount: number,
    founding: readonly Omit<WorldAllowance, 'insteadOf'>[],
    demandsUnits: boolean = false,
  ) {
    this.deviceCount = deviceCount
    this.demandsUnits = demandsUnits
    this.founding = founding.map((it) => ({ ...it, insteadOf: -1 }))
    this.seals = [{ ...EMPTY_SEAL, id: 0, parent: -1, height: 0, allowances: this.founding }]
  }

  commit(device: number, prev: number, draft: { epoch?: number; seen?: number[]; acts?: Act[] }): number {
    const id = this.commits.length
    const before = this.commits[prev]
    const seen = draft.seen ?? []
    let past = bit(id) | (before?.past ?? 0n)
    for (const head of seen) past |= this.at(head).past
    const chain = bit(id) | (before?.chain ?? 0n)
    const { epoch = 0, acts = [] } = draft
    this.commits.push({
      id,
      device,
      seq: (before?.seq ?? -1) + 1,
      prev,
      seen,
      epoch,
      acts,
      chain,
      past,
    })
    return id
  }

  seal(parent: number, draft: SealDraft): number {
    const id = this.seals.length
    this.seals.push({ ...EMPTY_SEAL, ...draft, id, parent, height: this.sealAt(parent).height + 1 })
    return id
  }

  at(id: number): WorldCommit {
    return this.commits[id] as WorldCommit
  }

  sealAt(id: number): WorldSeal {
    return this.seals[id] as WorldSeal
  }

  /** From the founding seal to this one. */
  line(seal: number): WorldSeal[] {
    const line: WorldSeal[] = []
    for (let at = seal; at >= 0; at = this.sealAt(at).parent) line.unshift(this.sealAt(at))
    return line
  }

  isAncestor(earlier: number, later: number): boolean {
    return this.line(later).some((seal) => seal.id === earlier)
  }

  /** Everything there is. */
  all(): Store {
    return { commits: new Set(this.commits.keys()), seals: new Set(this.seals.keys()) }
  }

  /** The smallest store that holds these. */
  closure(commits: Iterable<number>, seals: Iterable<number> = []): Store {
    const store: Store = { commits: new Set(), seals: new Set([0]) }
    for (const id of commits) this.addCommit(store, id)
    for (const id of seals) this.addSeal(store, id)
    return store
  }

  addCommit(store: Store, id: number): void {
    for (const it of ids(this.at(id).past)) {
      if (store.commits.has(it)) continue
      store.commits.add(it)
      this.addSeal(store, this.at(it).epoch)
    }
  }

  addSeal(store: Store, id: number): void {
    for (const seal of this.line(id)) {
      if (store.seals.has(seal.id)) continue
      store.seals.add(seal.id)
      for (const head of seal.frontier.values()) this.addCommit(store, head)
    }
  }

  /** Ends of the device's branches among the stored commits. */
  headsOf(commits: Iterable<number>, device: number): number[] {
    const own = [...commits].filter((id) => this.at(id).device === device)
    return own.filter((id) => !own.some((other) => other !== id && has(this.at(other).chain, id)))
  }
}

/** Key of a device, as the evaluation knows it. */
export function keyOf(device: number): string {
  return `device-${device}`
}

/** The device of a key. */
export function deviceOf(key: string): number {
  return Number(key.slice(keyOf(0).length - 1))
}

/** A key or id of 32 bytes that starts with the number. */
export function bytesOf(number: number): Uint8Array {
  const bytes = new Uint8Array(32)
  new DataView(bytes.buffer).setUint32(0, number)
  return bytes
}

export function bit(id: number): bigint {
  return 1n << BigInt(id)
}

export function has(bits: bigint, id: number): boolean {
  return id >= 0 && ((bits >> BigInt(id)) & 1n) === 1n
}

/** Ids in a set of bits, ascending. */
export function ids(bits: bigint): number[] {
  const text = bits.toString(2)
  const found: number[] = []
  for (let at = text.length - 1; at >= 0; at -= 1) if (text[at] === '1') found.push(text.length - 1 - at)
  return found
}

const EMPTY_SEAL = {
  signers: [],
  frontier: new Map<number, number>(),
  closed: [],
  floor: 0,
  proofs: new Map<number, number>(),
  allowances: [],
}
