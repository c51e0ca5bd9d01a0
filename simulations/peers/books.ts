import type { Epoch } from '#protocol/authority'
import type { CommitRecord } from '#protocol/commit'
import { toHex } from '#protocol/encoding'
import type { Sha256 } from '#protocol/identity'
import type { CommitRefusal } from '#protocol/replica'
import type { CloseCode } from '#protocol/sync'
import { LineBook } from './line-book.ts'
import { STATES } from './node-host.ts'
import type { NodeObserver, ReachedState } from './node-host.ts'

/** Refusals and cuts that are kept for checkers; later ones are counted only. A guess: the first tell enough. */
export const EVENTS_KEPT_MAX = 1_000

/** A refused commit. */
export interface RefusedCommit {
  atUs: number
  node: number
  /** Who sent it; -1: it had waited here, or came from the own disk. */
  from: number
  device: string
  seq: number
  refusal: CommitRefusal
}

/** A session that one side ended for what the other did. */
export interface CutSession {
  atUs: number
  node: number
  peer: number
  code: CloseCode
  detail: string
}

/** What nodes told of themselves in one run: what checkers compare the nodes with. */
export class Books implements NodeObserver {
  readonly #nowUs: () => number
  /** How often each interesting state was reached. */
  readonly counts: Record<ReachedState, number>
  /** By device (hex), by seq: ids (hex) of all commits that its disks ever held there. */
  readonly chains: Map<string, Map<number, Set<string>>> = new Map()
  /** Commits of which a node said that they are safe, in order. */
  readonly acknowledgements: { node: number; atUs: number; record: CommitRecord }[] = []
  readonly refusals: RefusedCommit[] = []
  readonly cuts: CutSession[] = []
  /** By device (hex): the nodes that were found to know that it wrote two histories. */
  readonly forksFound: Map<string, Set<number>> = new Map()
  /** What nodes took for the line of seals. */
  readonly line: LineBook
  readonly #sha256: Sha256
  readonly #digests = new WeakMap<Uint8Array, Uint8Array>()

  constructor(nowUs: () => number, sha256: Sha256) {
    this.#nowUs = nowUs
    this.#sha256 = sha256
    this.counts = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<ReachedState, number>
    this.line = new LineBook({
      nowUs,
      onSeal: (epoch) => this.#sealed(epoch),
      onDoubleVote: () => this.reached('double-voted'),
    })
  }

  /** SHA-256 of bytes that nobody changes: nodes hand the same leaves on, so each is hashed once. */
  digestOf(bytes: Uint8Array): Uint8Array {
    const digest = this.#digests.get(bytes) ?? this.#sha256(bytes)
    this.#digests.set(bytes, digest)
    return digest
  }

  reached(state: ReachedState): void {
    this.counts[state] += 1
  }

  #sealed({ isRecovery, proposal, removals, facts }: Epoch): void {
    this.reached('sealed')
    if (isRecovery) this.reached('recovered')
    else if (proposal === null) this.reached('sealed-bare')
    if (removals > 0) this.reached('member-removed')
    if (facts.closed.length > 0) this.reached('device-closed')
  }

  signed(_node: number, { header, id }: CommitRecord): void {
    const device = toHex(header.device)
    const chain = this.chains.get(device) ?? new Map<number, Set<string>>()
    this.chains.set(device, chain)
    chain.set(header.seq, (chain.get(header.seq) ?? new Set()).add(toHex(id)))
  }

  acknowledged(node: number, record: CommitRecord): void {
    this.counts.acknowledged += 1
    this.acknowledgements.push({ node, atUs: this.#nowUs(), record })
  }

  refused(node: number, from: number, { header }: CommitRecord, refusal: CommitRefusal): void {
    if (this.refusals.length >= EVENTS_KEPT_MAX) return
    const device = toHex(header.device)
    this.refusals.push({ atUs: this.#nowUs(), node, from, device, seq: header.seq, refusal })
  }

  cut(node: number, peer: number, code: CloseCode, detail: string): void {
    if (this.cuts.length >= EVENTS_KEPT_MAX) return
    this.cuts.push({ atUs: this.#nowUs(), node, peer, code, detail })
  }

  foundFork(node: number, device: string): void {
    this.forksFound.set(device, (this.forksFound.get(device) ?? new Set()).add(node))
  }

  /** Devices (hex) that signed two commits of one seq: the truth, whether anybody knows it or not. */
  forkedDevices(): Set<string> {
    const forked = new Set<string>()
    for (const [device, chain] of this.chains)
      for (const ids of chain.values()) if (ids.size > 1) forked.add(device)
    return forked
  }
}
