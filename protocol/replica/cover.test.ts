import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  Pen,
  coopWithPen,
  headOf,
  reader,
  recordsOf,
  refusals,
  unsigned,
  withSignature,
} from '../../test/actors/pen.ts'
import { listSection } from '../../test/actors/coop-actors.ts'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import type { CommitRecord } from '../commit/index.ts'
import { toHex } from '../encoding/index.ts'
import { WAITING_PER_DEVICE_MAX } from './pending.ts'

const { sha256 } = nodeCrypto()

/** A co-op with a cheat and its allies; the replica of whoever is lied to, and all that it stored. */
function stage(seed: number) {
  const made = coopWithPen(seed)
  const { coop, pen, admit } = made
  const pens = Array.from({ length: 3 }, () => new Pen(coop, admit('member').signer))
  const [ally, other, third] = pens as [Pen, Pen, Pen]
  for (const it of pens) it.write({ seen: [headOf(recordsOf(made.founder))] })
  const replica = reader(coop)
  const log: CommitRecord[] = []
  const take = (records: readonly CommitRecord[]) => {
    const result = replica.ingest(records)
    log.push(...result.stored.map((it) => it.record))
    return result
  }
  take([...recordsOf(made.founder), ...pen.written, ...pens.flatMap((it) => it.written)])
  const bare = unsigned(pen.write())
  return { ...made, ally, other, third, bare, replica, log, take, stranger: new Pen(coop, lostSigner(seed)) }
}

function lostSigner(seed: number) {
  return nodeSigner(new Uint8Array(32).fill(seed))
}

/** All that is stored can be sent to somebody who has nothing, who then has all, if it comes so many times. */
function expectSendable({ coop, replica, log }: Pick<Stage, 'coop' | 'replica' | 'log'>, times = 1): void {
  const orders = log.map((it) => replica.history.find(it.id))
  expect(orders).toEqual(log.map((_, i) => i))
  const places = replica.closeRuns(orders, (place) => log[place] ?? null)
  expect(places.length).toBe(log.length)
  const fresh = reader(coop)
  for (let i = 1; i < times; i += 1) fresh.ingest(log)
  expect(refusals(fresh.ingest(log))).toEqual([])
  expect(fresh.heads.root()).toEqual(replica.heads.root())
}

type Stage = ReturnType<typeof stage>

/** Ways in which the one signature that covers `bare` is that of a commit which is never stored. */
const WAYS: Record<string, (it: Stage) => void> = {
  'it is of another co-op': ({ pen, bare, take }) => {
    take([bare, pen.write({ coop: new Uint8Array(32) })])
  },
  'it cites an unknown epoch': ({ pen, bare, take }) => {
    take([bare, pen.write({ epoch: new Uint8Array(32) })])
  },
  'it has another number': ({ pen, bare, take }) => {
    take([bare, pen.write({ seq: 7 })])
  },
  'its payload is missing': ({ pen, bare, take }) => {
    take([bare, { ...pen.write({}, [listSection('x', sha256)]), payloads: [null] }])
  },
  'its own signature is bad': ({ pen, bare, take }) => {
    take([bare, withSignature(pen.write(), new Uint8Array(64))])
  },
  'it lists a stored commit falsely': ({ pen, bare, all, take }) => {
    const head = headOf(all)
    take([bare, pen.write({ seen: [{ ...head, seq: head.seq + 1 }] })])
  },
  'it lists a commit of the batch falsely': ({ pen, ally, bare, take }) => {
    const own = ally.write()
    take([own, bare, pen.write({ seen: [{ ...headOf([own]), seq: 9 }] })])
  },
  'it lists one that is refused': ({ pen, ally, all, bare, take }) => {
    const head = headOf(all)
    const lie = ally.write({ seen: [{ ...head, seq: head.seq + 1 }] })
    take([lie, bare, pen.write({ seen: [headOf([lie])] })])
  },
  'it lists the first commit of a stranger': ({ pen, stranger, all, bare, take }) => {
    const first = stranger.write({ seen: [headOf(all)] })
    take([first, bare, pen.write({ seen: [headOf([first])] })])
  },
  'it lists the first commit of a stranger, which lists one of the batch': ({ pen, ally, ...it }) => {
    const own = ally.write()
    const first = it.stranger.write({ seen: [headOf([own])] })
    it.take([own, first, it.bare, pen.write({ seen: [headOf([first])] })])
  },
  'it lists the second commit of such a stranger': ({ pen, ally, ...it }) => {
    const own = ally.write()
    it.stranger.write({ seen: [headOf([own])] })
    it.stranger.write()
    it.take([own, ...it.stranger.written, it.bare, pen.write({ seen: [headOf(it.stranger.written)] })])
  },
  'it lists a commit of an ally that lists such a stranger': ({ pen, ally, ...it }) => {
    const own = ally.write()
    const first = it.stranger.write({ seen: [headOf([own])] })
    const next = ally.write({ seen: [headOf([first])] })
    it.take([own, first, next, it.bare, pen.write({ seen: [headOf([next])] })])
  },
  'it lists a device that another branch admits, which nothing that the first commit lists knows': (it) => {
    const { pen, ally, founder, admit, take } = it
    const { signer } = admit('member')
    const admission = recordsOf(founder).slice(founder.log.length - 2)
    const own = ally.write()
    const first = new Pen(it.coop, signer).write({ seen: [headOf([own])] })
    take([...admission, own, first, it.bare, pen.write({ seen: [headOf([first])] })])
  },
  'it waits for one that turns out to have another number': ({ pen, ally, bare, take }) => {
    const own = ally.write()
    take([bare, pen.write({ seen: [{ ...headOf([own]), seq: 9 }] })])
    take([own])
  },
  'it waits for a stranger that is refused when what it waits for comes': ({ pen, ally, ...it }) => {
    const own = ally.write()
    const first = it.stranger.write({ seen: [headOf([own])] })
    it.take([it.bare, pen.write({ seen: [headOf([first])] })])
    it.take([own])
    it.take([first])
  },
  'another batch takes the room that it would wait in': ({ pen, other, replica, log, take }) => {
    const missing = fillPending(pen, other, take, 3)
    const [a, b, c] = [unsigned(pen.write()), unsigned(pen.write()), pen.write()]
    const open = replica.begin([a, b, c])
    log.push(...replica.take(open, 2).stored.map((it) => it.record))
    pen.forget(3)
    expect(take(pen.more(1, 1)).waiting.length).toBe(1)
    log.push(...replica.take(open).stored.map((it) => it.record))
    expect(replica.pending.size).toBe(WAITING_PER_DEVICE_MAX)
    take([missing])
  },
  'what waits for it, and makes room for it, is dropped': ({ pen, ally, other, third, take }) => {
    const missing = fillPending(pen, other, take, 2)
    const [a, b, c] = [unsigned(pen.write()), unsigned(pen.write()), pen.write()]
    const next = third.write()
    ally.write({ seen: [{ ...headOf([next]), seq: 9 }] })
    ally.write({ seen: [headOf([c])] })
    expect(take(ally.written.slice(1)).waiting.length).toBe(2)
    expect(take([next, a, b, c]).dropped.length).toBe(1)
    take([missing])
  },
}

/** Has the pen's chain wait until its quota has so much room left; what all of that waits for. */
function fillPending(pen: Pen, other: Pen, take: Stage['take'], left: number): CommitRecord {
  const missing = other.write()
  pen.forget(1)
  pen.write({ seen: [headOf([missing])] })
  pen.more(WAITING_PER_DEVICE_MAX - left - 1)
  expect(take(pen.written.slice(1)).waiting.length).toBe(WAITING_PER_DEVICE_MAX - left)
  return missing
}

test.each(Object.keys(WAYS))('what is stored can be sent on, whatever becomes of its cover: %s', (name) => {
  const it = stage(31)
  WAYS[name]?.(it)
  expectSendable(it)
})

test('a cover that cannot be judged before the rest of its batch is stored is judged after it', () => {
  const { pen, ally, bare, coop, founder, admit, replica, take, log } = stage(32)
  // Each device begins behind its own admission, which is in the batch; the next is listed by the cover of the last.
  const batch: CommitRecord[] = []
  let [before, cover] = [bare, pen]
  for (let i = 0; i < 4; i += 1) {
    const length = founder.log.length
    const next = new Pen(coop, admit('member').signer)
    const admission = recordsOf(founder).slice(length)
    const first = next.write({ seen: [headOf(admission)] })
    batch.push(...admission, first, before, cover.write({ seen: [headOf([first])] }))
    before = unsigned(next.write())
    cover = next
  }
  batch.push(before, cover.write(), ally.write())
  for (const most of [1, 3, 100]) {
    const own = reader(coop, log)
    const open = own.begin(batch)
    while (!open.isDone) expect(own.take(open, most).refused).toEqual([])
    expect(own.logLength).toBe(log.length + batch.length)
  }
  take(batch)
  expectSendable({ coop, replica, log })
})

test('what is left for later too often is refused, and stored when it comes again', () => {
  const { pen, bare, coop, founder, admit, take, log, replica } = stage(33)
  founder.write(founder.replica.ingest(log).stored)
  const batch: CommitRecord[] = []
  let [before, cover] = [pen.written.at(-1) as CommitRecord, pen]
  for (let i = 0; i < 12; i += 1) {
    const length = founder.log.length
    const next = new Pen(coop, admit('member').signer)
    const admission = recordsOf(founder).slice(length)
    // The spoilt commit is certain once the first commit of the next device is, which is certain once the last spoilt one
    // is stored: the founder knew of it when it admitted that device.
    const own = [next.write({ seen: [headOf(admission)] }), before]
    own.push(cover.write({ seen: [headOf(own, 0)] }))
    founder.write(founder.replica.ingest(own).stored)
    batch.push(...admission, ...own.map((it) => (it === before ? unsigned(it) : it)))
    before = next.write()
    cover = next
  }
  expect(batch.map((it) => toHex(it.id))).toContain(toHex(bare.id))
  const left: number[] = []
  do left.push(take(batch).refused.length)
  while (left.length < 9 && left.at(-1) !== 0)
  expect(left).toEqual(left.toSorted((a, b) => b - a))
  expect([left.length, left.at(-1)]).toEqual([3, 0])
  expectSendable({ coop, replica, log }, left.length)
})

test('whatever cheats put into batches, all that is stored can be sent on', () => {
  fc.assert(
    fc.property(fc.array(fc.array(STEP, { minLength: 1, maxLength: 14 }), { maxLength: 5 }), (batches) => {
      const { coop, pen, ally, other, third, stranger, replica, take, log, all } = stage(34)
      const pens = [pen, ally, other, third, stranger]
      /** What somebody may list: also what nobody was sent yet. */
      const known = [...all]
      const withheld: CommitRecord[] = []
      for (const steps of batches) {
        const batch: CommitRecord[] = []
        for (const step of steps) {
          const author = pens[step.author] as Pen
          author.forget(Math.min(step.forget, Math.max(0, author.written.length - 1)))
          const head = headOf(known, -1 - (step.lists % known.length))
          const seen = step.lists === 0 || isOf(author, head.device) ? [] : [head]
          const lie = step.isFalse ? seen.map((it) => ({ ...it, seq: it.seq + 1 })) : seen
          const record = author.write({ seen: lie, timeMs: step.forget })
          known.push(record)
          if (step.isWithheld) withheld.push(record)
          else batch.push(step.isSpoilt ? unsigned(record) : record)
        }
        const open = replica.begin(batch)
        log.push(...replica.take(open, 3).stored.map((it) => it.record))
        take(withheld.splice(0, 2))
        log.push(...replica.take(open).stored.map((it) => it.record))
      }
      for (const record of withheld) take([record])
      expectSendable({ coop, replica, log })
    }),
    { numRuns: 40 },
  )
})

const STEP = fc.record({
  author: fc.nat(4),
  lists: fc.nat(6),
  forget: fc.constantFrom(0, 0, 0, 0, 1, 2),
  isFalse: fc.constantFrom(false, false, false, true),
  isSpoilt: fc.boolean(),
  isWithheld: fc.constantFrom(false, false, false, true),
})

function isOf(pen: Pen, device: Uint8Array): boolean {
  return toHex(pen.signer.publicKey) === toHex(device)
}
