import * as Y from 'yjs'
import { BoardState, TEXT, decodeBoardPayload, encodeBoardPayload } from '#protocol/board'
import type { BoardPayload } from '#protocol/board'
import type { CommitRecord, Section } from '#protocol/commit'
import { compareBytes, encodeCanonical, toHex } from '#protocol/encoding'
import type { Value } from '#protocol/encoding'
import type { Replica } from '#protocol/replica'
import { nodeCrypto } from '#node/crypto'
import { hostileUpdate, textBody } from '../../protocol/shared/hostile-update.ts'
import type { HostileStruct } from '../../protocol/shared/hostile-update.ts'
import { testCoop } from '../actors/coop-actors.ts'
import { Pen, headOf, reader, recordsOf } from '../actors/pen.ts'
import { filled } from './vector-form.ts'
import type { Vector, VectorFile } from './vector-form.ts'

const { sha256 } = nodeCrypto()
const BOARD = 'board/wall'

/** docs/protocol/documents.md, Boards */
export function boardVectors(): VectorFile {
  const story = storyOf()
  const { replica, log, last } = story
  const board = boardOf(replica)
  return {
    about: [
      'payloads: what a section carries, and what no section may carry.',
      'log: a co-op in which one device writes two histories and two members each rely on one of them; states: after all.',
      'sections: the verdict on a payload as if the commit `by`, which is in the log without it, carried it.',
    ],
    payloads: payloads(),
    invalidPayloads: invalidPayloads(),
    log: log.map(([name, record]) => ({ name, record: toHex(record.bytes) })),
    states: [
      {
        name: 'after the whole log',
        hash: toHex(board.stateHash()),
        text: board.view().text,
        clocks: [...Y.decodeStateVector(Y.encodeStateVector(board.doc))].sort(([a], [b]) => a - b),
      },
    ],
    sections: sections(story).map(([name, payload]) => {
      const verdict = board.check(contextOf(replica, last.id, payload))
      return { name, by: toHex(last.id), payload: toHex(payload), verdict: verdict.ok ? 'ok' : verdict.refusal }
    }),
  }
}

/** What the board is told of a section that a commit of the log, by a member, carries. */
export function contextOf(
  replica: Replica,
  commit: Uint8Array,
  payload: Uint8Array,
  document = BOARD,
): Parameters<BoardState['check']>[0] {
  const { history } = replica
  const order = history.find(commit)
  const device = toHex(history.keyOf(history.deviceOf(order)))
  const admission = replica.authority.devices.get(device)?.admissions[0]?.commit ?? ''
  return {
    ...{ document, commit, order, stretch: { parent: null, rank: 0 }, device, admission },
 ...{ epoch: new Uint8Array(32), knows: () => true, isGood: () => true },
    ...{ seq: history.seqOf(order), timeMs: 0, role: 'member', member: '', entries: 1, payload },
    relies: (earlier) => history.relies(order, earlier),
    follows: (earlier) => earlier !== order && history.isAtOrAfter(order, earlier),
    find: (id) => history.find(id),
...{ epoch: new Uint8Array(32), knows: () => true, isGood: () => true },
...{ placeOf: () => ({ device: '', seq: 0 }), isAtOrAfter: () => false, forkSeq: () => Infinity, voidReason: () => null },
  }
}

/** The board of a replica. */
export function boardOf(replica: Replica, document = BOARD): BoardState {
  const state = replica.openDocument(document)
  if (!(state instanceof BoardState)) throw new Error('no board')
  return state
}

/** Makes a board anew when other parts of it are shown than before. */
export function settle(replica: Replica, log: readonly CommitRecord[]): void {
  for (const id of replica.documents.staleIds()) {
    const records = log.filter(({ header }) => header.sections.some((it) => it.document === id))
    replica.documents.rebuild(
      id,
      records.map((record) => ({ order: replica.history.find(record.id), record })),
    )
  }
}

interface Story {
  replica: Replica
  log: [string, CommitRecord][]
  ways: [CommitRecord, CommitRecord]
  last: CommitRecord
  /** ClientIDs of the sessions of the forked device and of the reader. */
  forked: number
  own: number
}

function storyOf(): Story {
  const { coop, founder, admit } = testCoop(77)
  const [forker, left, right, last] = [0, 1, 2, 3].map(() => new Pen(coop, admit('member').signer)) as [Pen, Pen, Pen, Pen]
  const founding = recordsOf(founder)
  const log: [string, CommitRecord][] = founding.map((it, i) => [`founding and admissions, ${i + 1}`, it])
  const add = (name: string, record: CommitRecord): CommitRecord => {
    log.push([name, record])
    return record
  }
  const base = reader(coop, founding)
  const idOf = (pen: Pen): number => {
    const device = base.authority.devices.get(toHex(pen.signer.publicKey))
    return boardOf(base).writerOf(device?.admissions[0]?.commit ?? '', 0)
  }
  const forked = idOf(forker)
  add('the device begins', forker.write({ seen: [headOf(founding)] }))
  add('it writes ab', forker.write({}, [section(structs(forked, 0, text('ab')))]))
  const write = (body: string, timeMs: number): CommitRecord =>
    forker.write({ timeMs }, [section(structs(forked, 2, text(body, [forked, 1])))])
  const one = add('it goes on with cd', write('cd', 1))
  forker.forget(1)
  const other = add('elsewhere it goes on with uvw', write('uvw', 2))
  add('a member begins', left.write({ seen: [headOf(founding)] }))
  const a = add('it relies on the first history', left.write({ seen: [headOf([one])] }))
  add('another member begins', right.write({ seen: [headOf(founding)] }))
  const c = add('it relies on the other history', right.write({ seen: [headOf([other])] }))
  add('a reader begins', last.write({ seen: [headOf(founding)] }))
  const seen = [headOf([a]), headOf([c])].sort((x, y) => compareBytes(x.device, y.device))
  const end = add('it relies on both members', last.write({ seen }))
  const records = log.map(([, record]) => record)
  const replica = reader(coop, records)
  boardOf(replica)
  settle(replica, records)
  return { replica, log, ways: [one, other], last: end, forked, own: idOf(last) }
}

function section(update: Uint8Array): Section {
  return { document: BOARD, entries: 1, payload: encodeBoardPayload({ session: 0, update }) }
}

function text(body: string, origin?: readonly [number, number], rightOrigin?: readonly [number, number]): HostileStruct {
  if (origin === undefined) return { content: 4, parent: TEXT, body: textBody(body) }
  return { content: 4, origin, body: textBody(body), ...(rightOrigin === undefined ? {} : { rightOrigin }) }
}

function structs(writer: number, clock: number, ...list: HostileStruct[]): Uint8Array {
  return hostileUpdate({ writers: [{ writer, clock, structs: list }] })
}

function sections({ ways, forked, own }: Story): [string, Uint8Array][] {
  const [one, other] = ways
  const [first, second] = [one.id, other.id].sort(compareBytes) as [Uint8Array, Uint8Array]
  const placeOf = (id: Uint8Array): number => forked - 511 + (id === first ? 0 : 1)
  const after = (origin: readonly [number, number]): Uint8Array => structs(own, 0, text('!', origin))
  const payload = (update: Uint8Array, commits?: readonly Uint8Array[]): Uint8Array =>
    encodeBoardPayload(commits === undefined ? { session: 0, update } : { session: 0, update, commits })
  const deletes = (writer: number, clock: number, length: number): Uint8Array =>
    hostileUpdate({ deletes: [{ writer, ranges: [[clock, length]] }] })
  const between = (id: Uint8Array, body: string): HostileStruct =>
    text(body, [placeOf(id), 2], [placeOf(id), 3])
  const both = structs(own, 0, between(one.id, '!'), between(other.id, '?'))
  return [
    ['behind a clock that both ways share', payload(after([forked, 0]))],
    ['behind a clock that one way has', payload(after([forked, 4]))],
    ['behind a clock that both ways have', payload(after([forked, 3]))],
    ['behind a clock that no way has', payload(after([forked, 5]))],
    ['behind a clock on the way to a commit', payload(after([forked - 511, 3]), [one.id])],
    ['behind clocks on two ways', payload(both, [first, second])],
    ['by a place that the list does not have', payload(after([forked - 510, 3]), [one.id])],
    ['by a commit that nobody wrote', payload(after([forked - 511, 3]), [filled(7)])],
    ['behind a clock beyond the commit', payload(after([forked - 511, 4]), [one.id])],
    ['with a commit that nothing refers to', payload(after([forked - 511, 3]), [first, second])],
    ['a deletion on the way to a commit', payload(deletes(forked - 511, 1, 3), [one.id])],
    ['a deletion of what both ways have', payload(deletes(forked, 1, 3))],
    ['a deletion beyond the commit', payload(deletes(forked - 511, 1, 4), [one.id])],
  ]
}

function payloads(): Vector[] {
  const update = Uint8Array.of(0, 0)
  const cases: [string, BoardPayload][] = [
    ['a session and an update', { session: 0, update }],
    ['the last session', { session: 1_048_575, update }],
    ['one commit', { session: 1, update, commits: [filled(1)] }],
    ['two commits, ascending', { session: 1, update, commits: [filled(1), filled(2)] }],
  ]
  return cases.map(([name, payload]) => {
    const commits = (payload.commits ?? []).map(toHex)
    return { name, payload: toHex(encodeBoardPayload(payload)), session: payload.session, update: toHex(update), commits }
  })
}

function invalidPayloads(): Vector[] {
  const update = Uint8Array.of(0, 0)
  const many = Array.from({ length: 512 }, (_, i) => sha256(Uint8Array.of(i >> 8, i)).slice()).sort(compareBytes)
  const cases: [string, Value][] = [
    ['no update', [1]],
    ['a session of 21 bits', [1_048_576, update]],
    ['an empty list of commits', [1, update, []]],
    ['null for a list of commits', [1, update, null]],
    ['commits that descend', [1, update, [filled(2), filled(1)]]],
    ['a commit twice', [1, update, [filled(1), filled(1)]]],
    ['a commit of 31 bytes', [1, update, [filled(1, 31)]]],
    ['512 commits', [1, update, many]],
    ['four items', [1, update, [filled(1)], 1]],
  ]
  const invalid = cases.map(([name, value]) => ({ name, payload: encodeCanonical(value) }))
  if (invalid.some(({ payload }) => decodeBoardPayload(payload) !== null)) throw new Error('a payload is valid')
  return invalid.map(({ name, payload }) => ({ name, payload: toHex(payload) }))
}
