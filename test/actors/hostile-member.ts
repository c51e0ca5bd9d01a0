import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection, Stream } from '@libp2p/interface'
import { LEAF_BYTES, leafCount } from '#protocol/asset'
import { signCommit, compareSeen, decodeRecords } from '#protocol/commit'
import type { CommitRecord, Section, SeenHead } from '#protocol/commit'
import { openReplica } from '#protocol/coop'
import { decodeCanonical, encodeCanonical, toHex } from '#protocol/encoding'
import type { Crypto, Signer } from '#protocol/identity'
import type { Replica } from '#protocol/replica'
import {
  FRAME_BYTES_MAX,
  PullShare,
  SYNC_VERSION,
  SyncSession,
  decodeFrame,
  encodeFrame,
} from '#protocol/sync'
import type { Frame, SessionInput, SessionOutput } from '#protocol/sync'
import { ASSET_PROTOCOL } from '#node/assets'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { FramedStream, SYNC_PROTOCOL, StreamEnded, askToJoin, readInviteLink } from '#node/mesh'
import type { Attack, Insider } from '#simulations/adversaries'
import { seededRandom } from '#simulations/mesh'
import { must } from './coop-actors.ts'
import type { NodeProcess } from './node-process.ts'
import { Pen } from './pen.ts'
import { RawPeer } from './raw-peer.ts'
import { until } from './until.ts'

/** How long the other side may take for one frame. */
const FRAME_TIMEOUT_MS = 20_000

/** How long an attack may be borne: above what an answer may take. */
const ATTACK_TIMEOUT_MS = 60_000

/** What a lying provider says of an asset and of each of its leaves. */
export interface Lie {
  sizeBytes: number
  leafHashes: Uint8Array
  /** Null ends the stream instead of giving the leaf. */
  leaf: (index: number) => Uint8Array | null
}

/** A device that was admitted by an invite and is then driven by code that keeps no rule. */
export class HostileMember {
  readonly crypto: Crypto = nodeCrypto()
  readonly signer: Signer
  readonly replica: Replica
  readonly peer: RawPeer
  readonly #log: CommitRecord[] = []

  private constructor(parts: { signer: Signer; coop: Uint8Array; peer: RawPeer }) {
    this.signer = parts.signer
    this.peer = parts.peer
    this.replica = openReplica({ coop: parts.coop, crypto: this.crypto, signer: parts.signer })
  }

  /** Joins `node`'s co-op and takes what it has. */
  static async admit(
    node: NodeProcess,
    role: string,
    name: string,
    seed: Uint8Array = new Uint8Array(randomBytes(32)),
  ): Promise<HostileMember> {
    const link = readInviteLink(await node.invite(role))
    const kit = nodeSigner(new Uint8Array(randomBytes(32)))
    await askToJoin(link, { seed, kit, memberName: name, deviceName: name }, nodeCrypto())
    const peer = await RawPeer.create({ seed, coop: link.coop })
    const member = new HostileMember({ signer: nodeSigner(seed), coop: link.coop, peer })
    await member.sync(node)
    return member
  }

  /** Device key in hex. */
  get device(): string {
    return toHex(this.signer.publicKey)
  }

  /** PeerId. */
  get id(): string {
    return this.peer.libp2p.peerId.toString()
  }

  async connect(node: NodeProcess): Promise<Connection> {
    return this.peer.connect(await node.address())
  }

  /** A fresh sync stream; nothing is said on it yet. */
  async open(node: NodeProcess): Promise<FramedStream> {
    const connection = await this.connect(node)
    const signal = AbortSignal.timeout(5_000)
    return new FramedStream(await connection.newStream(SYNC_PROTOCOL, { signal }), FRAME_BYTES_MAX)
  }

  /** Says what an honest device would until both sides hold the same. */
  async sync(node: NodeProcess): Promise<void> {
    const stream = await this.open(node)
    const session = new SyncSession({
      ...{ replica: this.replica, sha256: this.crypto.sha256, key: new Uint8Array(randomBytes(16)) },
      share: new PullShare(),
    })
    const step = async (input: SessionInput): Promise<void> => {
      for (const output of session.handle(input, 0)) await carryOut(output)
    }
    const carryOut = async (output: SessionOutput): Promise<void> => {
      switch (output.kind) {
        case 'send':
          return stream.sendRaw(output.bytes)
        case 'read':
        case 'read-payloads':
          return step({
            kind: output.kind === 'read' ? 'records' : 'payload-records',
            records: output.orders.flatMap((order) => {
              const record = this.#log[order]
              return record === undefined ? [] : [{ order, bytes: record.bytes }]
            }),
          })
        case 'ingest': {
          const decoded = decodeRecords(output.records, this.crypto.sha256)
          if (!decoded.ok) throw new Error(decoded.refusal)
          const result = this.replica.ingest(decoded.records)
          for (const { order, record } of result.stored) this.#log[order] = record
          return step({ kind: 'ingested', outcome: { ok: true, result } })
        }
        // It keeps what it was sent with the commits alone.
        case 'fill':
          return step({ kind: 'filled', outcome: { ok: true } })
        case 'synced':
        case 'superseded':
          return
        case 'close':
          throw new Error(`${output.code}: ${output.detail}`)
      }
    }
    await step({ kind: 'open' })
    while (!session.isSynced) await step({ kind: 'frame', bytes: await stream.next(FRAME_TIMEOUT_MS) })
    await stream.close()
  }

  /** Takes commits that came by another way. */
  take(records: readonly CommitRecord[]): void {
    for (const { order, record } of this.replica.ingest(records).stored) this.#log[order] = record
  }

  /** Writes honestly on its own chain; `sync` tells others. */
  write(...sections: Section[]): void {
    const { stored } = must(this.replica.author(sections, Date.now()))
    for (const { record } of stored) this.#log.push(record)
  }

  /** Puts a signed commit on its own chain whose sections no honest replica would write; `sync` tells others. */
  force(...sections: Section[]): void {
    const result = this.replica.ingest([this.forge(sections)])
    if (result.stored.length !== 1) throw new Error(result.refused[0]?.refusal)
    for (const { record } of result.stored) this.#log.push(record)
  }

  /** A commit that continues its chain, signed, whatever its sections hold. Not kept. */
  forge(sections: readonly Section[]): CommitRecord {
    const { replica } = this
    const { history } = replica
    const own = history.findDevice(this.signer.publicKey)
    const end = history.endsOf(own)[0] ?? -1
    const seq = end < 0 ? 0 : history.seqOf(end) + 1
    const prev = end < 0 ? null : history.idOf(end).slice()
    const seen: SeenHead[] = Array.from({ length: history.deviceCount }, (_, device) => device)
      .filter((device) => device !== own)
      .flatMap((device) => history.endsOf(device))
      .map((order) => ({
        device: history.keyOf(history.deviceOf(order)).slice(),
        seq: history.seqOf(order),
        id: history.idOf(order).slice(),
      }))
      .toSorted(compareSeen)
    return signCommit(
      {
        ...{ coop: replica.coop, device: this.signer.publicKey, seq, prev },
        ...{ epoch: replica.coop, seen, timeMs: Date.now() },
      },
      sections,
      { signer: this.signer, sha256: this.crypto.sha256 },
    )
  }

  /** The first frame of a sync stream, with a root that nobody has. */
  hello(): Frame {
    return {
      kind: 'hello',
      version: SYNC_VERSION,
      coop: this.replica.coop,
      authority: this.replica.authority.stateHash(),
      root: new Uint8Array(randomBytes(32)),
      key: new Uint8Array(randomBytes(16)),
      forks: new Uint8Array(32),
    }
  }

  /**
   * Claims to have these records, which end its own chain, and gives them when asked. Resolves to true when the
   * other side took the answer, false when it ended the stream.
   */
  async offer(node: NodeProcess, records: readonly CommitRecord[]): Promise<boolean> {
    const stream = await this.open(node)
    const last = records.at(-1)
    if (last === undefined) throw new Error('nothing to offer')
    await stream.send(encodeFrame(this.hello()))
    for (let isGiven = false; ;) {
      const bytes = await stream.next(FRAME_TIMEOUT_MS).catch(() => null)
      if (bytes === null) return false
      const decoded = decodeFrame(bytes)
      const frame = decoded.ok ? decoded.frame : null
      if (frame?.kind === 'digests') {
        const row = { device: this.signer.publicKey, length: last.header.seq + 1, id: last.id }
        await stream.send(encodeFrame({ kind: 'brief', round: frame.round, buckets: [] }))
        if (!isGiven) await stream.send(encodeFrame({ kind: 'rows', round: 0, rows: [row], isLast: true }))
      } else if (frame?.kind === 'want') {
        const wanted = frame.isUrgentOnly ? [] : records
        const answer = {
          kind: 'commits',
          request: frame.request,
          records: wanted.map((it) => it.bytes),
        } as const
        if (wanted.length > 0) await stream.send(encodeFrame(answer))
        isGiven ||= wanted.length > 0
        await stream.send(encodeFrame({ kind: 'done', request: frame.request, isMore: false }))
      } else if (frame?.kind === 'root' && isGiven) {
        await stream.close()
        return true
      }
    }
  }

  /** What it stored, in the order of its log. */
  get stored(): readonly CommitRecord[] {
    return this.#log
  }

  /** The last commit of its chain, or of others as long as it has none. */
  get last(): CommitRecord {
    const last = this.#log.findLast((it) => toHex(it.header.device) === this.device) ?? this.#log.at(-1)
    if (last === undefined) throw new Error('nothing is here')
    return last
  }

  /** What the actors of attacks need to know of this device; its chain has its first commit, which `node` took. */
  async insider(node: NodeProcess): Promise<Insider> {
    const pen = new Pen(this.replica.coop, this.signer)
    const own = this.replica.history.findDevice(this.signer.publicKey)
    if (this.replica.history.branchesOf(own).length === 0) {
      this.write()
      await this.sync(node)
    }
    pen.written.push(...this.#log.filter((it) => toHex(it.header.device) === this.device))
    return { coop: this.replica.coop, records: this.#log, pen, random: seededRandom(7) }
  }

  /** Says what an attack says until the other side ends the stream; how many frames that took. */
  async attack(node: NodeProcess, attack: Attack): Promise<number> {
    const stream = await this.open(node)
    let count = 0
    const say = async (frames: readonly Frame[]): Promise<void> => {
      for (const frame of frames) {
        await stream.send(encodeFrame(frame))
        count += 1
      }
    }
    const ticking = new AbortController()
    const tick = async (): Promise<void> => {
      const { tick: ticks } = attack
      if (ticks === undefined) return
      while (!ticking.signal.aborted) {
        await sleep(ticks.everyMs, undefined, { signal: ticking.signal })
        await say(ticks.frames())
      }
    }
    const ticks = tick().catch(() => undefined)
    try {
      await say(attack.opening())
      while (!stream.hasEnded) {
        const decoded = decodeFrame(await stream.next(ATTACK_TIMEOUT_MS))
        if (decoded.ok) await say(attack.answer(decoded.frame))
      }
    } catch (cause) {
      if (!(cause instanceof StreamEnded)) throw cause
    } finally {
      ticking.abort()
      await ticks
    }
    return count
  }

  /** Why `node` says that it ended the last session with this device. */
  async lastClose(node: NodeProcess, expected: RegExp): Promise<string> {
    return until(`the last close matches ${String(expected)}`, async () => {
      const peer = (await node.peers()).find((it) => it.device === this.id)
      return peer?.lastClose !== null && peer?.lastClose !== undefined && expected.test(peer.lastClose)
        ? peer.lastClose
        : null
    })
  }

  /** Answers asset streams with `lie`. */
  async provide(lie: Lie): Promise<void> {
    await this.peer.libp2p.unhandle(ASSET_PROTOCOL)
    await this.peer.libp2p.handle(ASSET_PROTOCOL, (stream) => answer(stream, lie))
  }

  async close(): Promise<void> {
    await this.peer.close()
  }
}

/** The truth about some bytes, as a provider would tell it. */
export function truth(bytes: Uint8Array): Lie {
  const leaf = (index: number): Uint8Array => bytes.subarray(index * LEAF_BYTES, (index + 1) * LEAF_BYTES)
  const hashes = Array.from({ length: leafCount(bytes.length) }, (_, index) => {
    return createHash('sha256').update(leaf(index)).digest()
  })
  return { sizeBytes: bytes.length, leafHashes: new Uint8Array(Buffer.concat(hashes)), leaf }
}

async function answer(stream: Stream, lie: Lie): Promise<void> {
  const framed = new FramedStream(stream, 1_024)
  for (;;) {
    const bytes = await framed.next(FRAME_TIMEOUT_MS).catch(() => null)
    if (bytes === null) return
    const decoded = decodeCanonical(bytes)
    const [kind, , from, to] = decoded.ok && Array.isArray(decoded.value) ? decoded.value : []
    if (kind === 'stat') {
      await framed.send(encodeCanonical(['file', lie.sizeBytes, lie.leafHashes]))
      continue
    }
    for (let index = Number(from); index < Number(to); index += 1) {
      const leaf = lie.leaf(index)
      if (leaf === null) return framed.abort('no more')
      await framed.send(withMark(leaf))
    }
  }
}

function withMark(leaf: Uint8Array): Uint8Array {
  const frame = new Uint8Array(1 + leaf.length)
  frame[0] = 1
  frame.set(leaf, 1)
  return frame
}
