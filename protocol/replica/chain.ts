import type { CommitRecord } from '../commit/index.ts'
import type { Role } from '../document/index.ts'
import { toHex } from '../encoding/index.ts'
import { CountList, RowList } from './growable.ts'
import { Knowledge } from './knowledge.ts'

/** What a chain's first commit acknowledges of its own admission. */
export interface Standing {
  role: Role
  /** The member's recovery key, hex. */
  member: string
  /** Commit of the admission, hex. */
  admission: string
}

/** One device's history as this replica stores it. */
export class Chain {
  /** Place in the replica's list of chains. */
  readonly index: number
  readonly device: Uint8Array
  /** Device key in hex. */
  readonly name: string
  /** Commit ids by seq. */
  readonly ids: RowList = new RowList(32)
  /** Place in the replica's log, by seq. */
  readonly orders: CountList = new CountList()
  readonly knowledge: Knowledge = new Knowledge()
  /** Stored commits that wait for a missing acknowledged head, in order of seq. */
  readonly waiting: CommitRecord[] = []
  /** Number of folded commits; they are the first ones. */
  folded = 0
  /** Number of commits up to and with the last that bears an authority section. */
  authorityLength = 0
  /** Seqs whose stored signature this replica has checked itself since it opened; the others are covered by a later one. */
  readonly checkedSignatures: Set<number> = new Set()
  /** Null while unknown or never admitted. */
  standing: Standing | null = null

  constructor(index: number, device: Uint8Array) {
    this.index = index
    this.device = device.slice()
    this.name = toHex(device)
  }

  /** Number of stored commits. */
  get length(): number {
    return this.ids.length
  }
}
