import type { CommitRecord } from '#protocol/commit'
import { equalBytes } from '#protocol/encoding'
import { FRAME_BYTES_MAX, FrameSplitter, decodeFrame, encodeFrame, prefixFrame } from '#protocol/sync'
import type { Frame } from '#protocol/sync'
import type { RandomStream, Simulator } from '../kernel/index.ts'
import { DIAL_US } from '../peers/index.ts'
import type { Actor, AssetMessage, HeldAsset, Message } from '../peers/index.ts'
import { assetLie } from './asset-lies.ts'
import * as attacks from './attacks.ts'
import type { Attack, Insider } from './attacks.ts'
import type { Pen } from './pen.ts'

/** Bytes that one rogue says in a run; then it is silent. A guess: some sessions that are cut for it, in a second or two of work. */
export const ROGUE_BYTES_MAX = 4_194_304

/** What a rogue is out for. */
export type RogueKind = 'liar' | 'staller' | 'flooder'

const NOTHING: Uint8Array = new Uint8Array()

/** Says nothing at all. */
const silence = (): Attack => ({ opening: () => [], answer: () => [] })

/** By kind: what it may do on a stream. */
export const ROGUE_KINDS: Readonly<Record<RogueKind, readonly ((insider: Insider) => Attack)[]>> = {
  liar: [
    attacks.wrongDigests,
    attacks.emptyBriefs,
    attacks.wrongRoots,
    attacks.bareHeader,
    attacks.emptyPromises,
    attacks.acknowledgingNothing,
  ],
  staller: [silence, attacks.endlessRange, attacks.endlessRows, attacks.trickle],
  flooder: [
    attacks.endlessFrames,
    attacks.endlessCommits,
    attacks.oldRows,
    attacks.walksForOne,
    attacks.urgentWalks,
    attacks.everythingAgain,
  ],
}

/** What a rogue stands on. */
export interface RogueParts {
  readonly sim: Simulator
  readonly number: number
  readonly kind: RogueKind
  readonly coop: Uint8Array
  readonly pen: Pen
  readonly random: RandomStream
  /** Everything that the node at a place has stored: a rogue is taken to know it. */
  recordsOf(node: number): readonly CommitRecord[]
  /** An asset (CID in hex) as somebody holds it. */
  assetOf(cid: string): HeldAsset | undefined
  send(to: number, message: Message): void
  /** False while the stream to a peer takes nothing more: nobody can send faster than that. */
  hasRoom(to: number): boolean
  /** Calls `tick` of the rogue after a while, with the number of the stream that it is for. */
  afterTick(delayUs: number, peer: number, stream: number): void
  /** Called when it begins with a peer. */
  onAttack(): void
}

interface Stream {
  number: number
  attack: Attack
  splitter: FrameSplitter
}

/** A member without a replica that attacks whoever talks with it, on each stream in another way of its kind. */
export class Rogue implements Actor {
  readonly #parts: RogueParts
  readonly #peers = new Set<number>()
  readonly #streams = new Map<number, Stream>()
  #count = 0
  #bytes = 0

  constructor(parts: RogueParts) {
    this.#parts = parts
  }

  linkUp(peer: number): void {
    this.#peers.add(peer)
    this.#dial(peer)
  }

  linkDown(peer: number): void {
    this.#peers.delete(peer)
    this.#streams.delete(peer)
  }

  receive(from: number, message: Message): void {
    if (message.kind === 'open') return this.#begin(from, message.stream)
    if (message.kind === 'asset') return this.#lie(from, message.asset)
    const stream = this.#streams.get(from)
    if (stream === undefined) return
    if (message.kind === 'frame' && message.stream === stream.number) {
      const split = stream.splitter.push(message.bytes)
      for (const bytes of split.ok ? split.frames : []) {
        const decoded = decodeFrame(bytes)
        if (decoded.ok) this.#say(from, stream, stream.attack.answer(decoded.frame))
      }
    } else if (
      message.kind === 'suspended' ||
      (message.kind === 'reset' && message.stream === stream.number)
    ) {
      this.#streams.delete(from)
      if (message.kind === 'reset') this.#parts.afterTick(DIAL_US, from, 0)
    }
  }

  #lie(to: number, message: AssetMessage): void {
    const { kind, random, assetOf, send } = this.#parts
    const lie = kind === 'liar' ? assetLie(message, assetOf(message.cid), random) : null
    if (lie !== null) send(to, { kind: 'asset', asset: lie })
  }

  /** Says what is due on a stream, or dials again. */
  tick(peer: number, number: number): void {
    const stream = this.#streams.get(peer)
    if (number === 0) return stream === undefined ? this.#dial(peer) : undefined
    const tick = stream?.attack.tick
    if (stream?.number !== number || tick === undefined || this.#bytes > ROGUE_BYTES_MAX) return
    if (this.#parts.hasRoom(peer)) {
      this.#say(peer, stream, tick.frames())
      const part = tick.bytes?.() ?? NOTHING
      if (part.length > 0) this.#send(peer, stream, part)
    }
    this.#parts.afterTick(tick.everyMs * 1_000, peer, number)
  }

  #dial(peer: number): void {
    if (peer < this.#parts.number || !this.#peers.has(peer)) return
    this.#count += 1
    this.#parts.send(peer, { kind: 'open', stream: this.#count })
    this.#begin(peer, this.#count)
  }

  #begin(peer: number, number: number): void {
    const { coop, pen, random, kind, recordsOf, afterTick, onAttack } = this.#parts
    const records = recordsOf(peer)
    if (pen.written.length === 0) {
      const founder = records[0]?.header.device
      const last =
        founder === undefined ? undefined : records.findLast((it) => equalBytes(it.header.device, founder))
      if (last === undefined) return
      pen.write({ seen: [{ device: last.header.device, seq: last.header.seq, id: last.id }] })
    }
    const make = random.pick(ROGUE_KINDS[kind])
    const attack = make({ coop, records, pen, random, isLeading: random.below(2) === 0 })
    const stream = { number, attack, splitter: new FrameSplitter(FRAME_BYTES_MAX) }
    this.#streams.set(peer, stream)
    onAttack()
    this.#say(peer, stream, attack.opening())
    if (attack.tick !== undefined) afterTick(attack.tick.everyMs * 1_000, peer, number)
  }

  #say(peer: number, stream: Stream, frames: readonly Frame[]): void {
    for (const frame of frames) {
      if (!this.#parts.hasRoom(peer) || this.#bytes > ROGUE_BYTES_MAX) return
      this.#send(peer, stream, prefixFrame(encodeFrame(frame)))
    }
  }

  #send(peer: number, stream: Stream, bytes: Uint8Array): void {
    this.#bytes += bytes.length
    this.#parts.send(peer, { kind: 'frame', stream: stream.number, bytes })
  }
}
