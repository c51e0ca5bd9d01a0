import { AUTHORITY, admissionMessage, encodeAuthorityEntries, inviteSigner } from '#protocol/authority'
import { CATALOGUE, encodeCatalogueEntries } from '#protocol/catalogue'
import { signCommit } from '#protocol/commit'
import type { CommitRecord, Section } from '#protocol/commit'
import { foundCoop } from '#protocol/coop'
import { certifyDevice } from '#protocol/identity'
import type { Crypto, Signer } from '#protocol/identity'
import { BATCH_BYTES_TARGET } from '#protocol/sync'
import { nodeSigner } from '#node/crypto'
import { seededRandom } from '#simulations/mesh'

/** A co-op with a history, for benchmarks. */
export interface History {
  genesis: Uint8Array
  coop: Uint8Array
  founderSeed: Uint8Array
  /** A device that is admitted and has written nothing: the one that catches up. */
  readerSeed: Uint8Array
  /** In an order in which a replica would have stored them. */
  records: CommitRecord[]
}

/** A co-op whose devices are admitted, and what they write next. */
export interface BenchCoop extends History {
  /** Of the devices that write. */
  seeds: Uint8Array[]
  /** The next commits, in the order of the log. `isSigned`: true when a commit of that number gets a real signature. */
  more(count: number, isSigned?: (number: number) => boolean): CommitRecord[]
}

/** Records in batches as a node would receive them: as many as fit a frame. */
export function* inBatches(records: readonly CommitRecord[]): Generator<readonly CommitRecord[]> {
  let batch: CommitRecord[] = []
  let bytes = FRAME_HEAD_BYTES
  for (const record of records) {
    const length = RECORD_HEAD_BYTES + record.bytes.length
    if (bytes + length > BATCH_BYTES_TARGET) {
      yield batch
      batch = []
      bytes = FRAME_HEAD_BYTES
    }
    batch.push(record)
    bytes += length
  }
  yield batch
}

/** Commits of `devices` devices that take turns and acknowledge each other, one catalogue entry each. */
export function makeHistory(commits: number, devices: number, crypto: Crypto): History {
  const coop = makeCoop(devices, crypto)
  return { ...coop, records: [...coop.records, ...coop.more(commits)] }
}

/** A co-op of `devices` devices, a founder and a reader, in which nobody wrote yet. */
export function makeCoop(devices: number, crypto: Crypto): BenchCoop {
  const random = seededRandom(7)
  const nowMs = 1_700_000_000_000
  const founderSeed = random.bytes(32)
  const founder = nodeSigner(founderSeed)
  const names = { name: 'Bench', memberName: 'Ada', deviceName: 'nas' }
  const kit = nodeSigner(random.bytes(32))
  const founding = foundCoop({ ...names, kit, device: founder, nonce: random.bytes(16), nowMs }, crypto)
  if (!founding.ok) throw new Error(founding.detail)
  const { replica, coop, genesis } = founding
  const records = founding.stored.map((it) => it.record)
  const write = (section: Section): void => {
    const result = replica.author([section], nowMs)
    if (!result.ok) throw new Error(result.detail)
    records.push(...result.stored.map((it) => it.record))
  }
  const readerSeed = random.bytes(32)
  const signers: Signer[] = [nodeSigner(readerSeed)]
  const seeds = Array.from({ length: devices }, () => random.bytes(32))
  signers.push(...seeds.map(nodeSigner))
  for (const device of signers) {
    const secret = random.bytes(16)
    const invite = inviteSigner(secret, crypto.sha256)
    const member = nodeSigner(random.bytes(32))
    const entry = {
      t: 'invite',
      key: invite.publicKey,
      role: 'member',
      uses: 1,
      expiresMs: nowMs + 1,
    } as const
    write({ document: AUTHORITY, entries: 1, payload: encodeAuthorityEntries([entry]) })
    const claim = {
      ...{ invite: invite.publicKey, device: device.publicKey, kit: member.publicKey },
      ...{ memberName: 'Bo', deviceName: 'box' },
    }
    const certificate = certifyDevice(member, coop, device.publicKey)
    const proof = invite.sign(admissionMessage(coop, claim, crypto.sha256))
    const payload = encodeAuthorityEntries([{ t: 'admit', ...claim, certificate, proof }])
    write({ document: AUTHORITY, entries: 1, payload })
  }
  const heads = new Map<Signer, CommitRecord>()
  let before = records.at(-1)
  let number = 0
  const more = (count: number, isSigned: (number: number) => boolean = () => true): CommitRecord[] => {
    const made: CommitRecord[] = []
    for (const end = number + count; number < end; number += 1) {
      const key = signers[1 + (number % devices)] ?? founder
      const signer = isSigned(number) ? key : { publicKey: key.publicKey, sign: () => UNSIGNED }
      const own = heads.get(key)
      const digest = crypto.sha256(Uint8Array.of(number >> 24, number >> 16, number >> 8, number))
      const cid = Uint8Array.of(1, 0x55, 0x12, 0x20, ...digest)
      const payload = encodeCatalogueEntries([
        { t: 'list', cid, name: `photo ${number}.jpg`, sizeBytes: number, kind: 'file' },
      ])
      const seen =
        before === undefined ? [] : [{ device: before.header.device, seq: before.header.seq, id: before.id }]
      const chain = { seq: (own?.header.seq ?? -1) + 1, prev: own?.id ?? null }
      const draft = { coop, device: key.publicKey, ...chain, epoch: coop, seen, timeMs: nowMs }
      const record = signCommit(draft, [{ document: CATALOGUE, entries: 1, payload }], {
        signer,
        sha256: crypto.sha256,
      })
      heads.set(key, record)
      before = record
      made.push(record)
    }
    return made
  }
  return { genesis, coop, founderSeed, readerSeed, seeds, records, more }
}

/** What a frame of commits takes beside its records, at most, and beside each of them. */
const FRAME_HEAD_BYTES = 14
const RECORD_HEAD_BYTES = 3

/** In the place of a signature that nothing checks, because a later one covers the commit. */
const UNSIGNED: Uint8Array = new Uint8Array(64)
