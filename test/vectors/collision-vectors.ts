import * as Y from 'yjs'
import { TEXT, encodeBoardPayload } from '#protocol/board'
import type { CommitRecord } from '#protocol/commit'
import { compareBytes, toHex } from '#protocol/encoding'
import { nodeSigner } from '#node/crypto'
import { hostileUpdate, textBody } from '../../protocol/shared/hostile-update.ts'
import type { HostileStruct } from '../../protocol/shared/hostile-update.ts'
import { admitSection, inviteSection, must, testCoop } from '../actors/coop-actors.ts'
import { Pen, headOf, reader, recordsOf } from '../actors/pen.ts'
import { boardOf, contextOf, settle } from './board-vectors.ts'
import type { VectorFile } from './vector-form.ts'

/** Found by search: two sessions of these devices have one clientID on this board. */
const FOUND = {
  document: 'board/wall2eba',
  one: { device: 13, session: 827 },
  other: { device: 14, session: 16 },
} as const
/** Devices of the co-op that was searched. */
const DEVICES = 32

/** docs/protocol/documents.md, Where sessions collide */
export function collisionVectors(): VectorFile {
  const { log, last, ways, writer, own } = storyOf()
  const records = log.map(([, record]) => record)
  const replica = reader(records[0]?.header.coop ?? new Uint8Array(), records)
  settle(replica, records)
  const board = boardOf(replica, FOUND.document)
  const after = (origin: readonly [number, number]): Uint8Array =>
    structs(own, { content: 4, origin, body: textBody('!') })
  const [first] = ways.toSorted((a, b) => compareBytes(a.id, b.id)) as [CommitRecord]
  const sections: [string, Uint8Array, Uint8Array[]?][] = [
    ['behind a clock that one of them has', after([writer, 4])],
    ['behind a clock that both have', after([writer, 3])],
    ['behind a clock that none has', after([writer, 5])],
    ['behind a clock on the way to a commit', after([writer - 511, 3]), [first.id]],
    ['by a place that the list does not have', after([writer - 510, 3]), [first.id]],
    ['a deletion of what both have', hostileUpdate({ deletes: [{ writer, ranges: [[2, 3]] }] })],
    ['a deletion of what one of them has', hostileUpdate({ deletes: [{ writer, ranges: [[4, 1]] }] })],
  ]
  return {
    about: [
      'log: a co-op in which sessions of two devices have one clientID on a board, and a third member relies on both.',
      'The two may arrive in either order; state: after all.',
      'sections: the verdict on a payload as if the commit `by`, which is in the log without it, carried it.',
    ],
    log: log.map(([name, record]) => ({ name, record: toHex(record.bytes) })),
    states: [
      {
        name: 'after the whole log',
        document: FOUND.document,
        writer,
        hash: toHex(board.stateHash()),
        text: board.view().text,
        clocks: [...Y.decodeStateVector(Y.encodeStateVector(board.doc))].sort(([a], [b]) => a - b),
      },
    ],
    sections: sections.map(([name, update, commits]) => {
      const payload = encodeBoardPayload(commits === undefined ? { session: 0, update } : { session: 0, update, commits })
      const verdict = board.check(contextOf(replica, last.id, payload, FOUND.document))
      return { name, by: toHex(last.id), payload: toHex(payload), verdict: verdict.ok ? 'ok' : verdict.refusal }
    }),
  }
}

interface Story {
  log: [string, CommitRecord][]
  /** What the two wrote. */
  ways: [CommitRecord, CommitRecord]
  /** The third member's commit. */
  last: CommitRecord
  /** The clientID of both, and the third member's. */
  writer: number
  own: number
}

function storyOf(): Story {
  const { crypto, random, coop, founder } = testCoop(78)
  const secret = random.bytes(16)
  must(founder.author([inviteSection(secret, 'member', crypto, DEVICES)]))
  const signers = Array.from({ length: DEVICES }, () => {
    const signer = nodeSigner(random.bytes(32))
    must(founder.author([admitSection(coop, signer, { crypto, random, secret })]))
    return signer
  })
  const founding = recordsOf(founder)
  const base = reader(coop, founding)
  const penOf = ({ device, session }: { device: number; session: number }): { pen: Pen; writer: number } => {
    const signer = signers[device]
    if (signer === undefined) throw new Error(`no device ${device}`)
    const admission = base.authority.devices.get(toHex(signer.publicKey))?.admissions[0]?.commit ?? ''
    return { pen: new Pen(coop, signer), writer: boardOf(base, FOUND.document).writerOf(admission, session) }
  }
  const [one, other] = [penOf(FOUND.one), penOf(FOUND.other)]
  if (one.writer !== other.writer) throw new Error('the sessions do not collide')
  const third = [0, 1, 2].find((it) => it !== FOUND.one.device && it !== FOUND.other.device) ?? 0
  const { pen, writer: own } = penOf({ device: third, session: 0 })
  const log: [string, CommitRecord][] = founding.map((it, i) => [`founding and admissions, ${i + 1}`, it])
  const write = (by: Pen, session: number, body: string): CommitRecord => {
    const update = structs(one.writer, { content: 4, parent: TEXT, body: textBody(body) })
    return by.write({}, [{ document: FOUND.document, entries: 1, payload: encodeBoardPayload({ session, update }) }])
  }
  log.push(['a member begins', one.pen.write({ seen: [headOf(founding)] })])
  const left = write(one.pen, FOUND.one.session, 'soup')
  log.push(['it writes soup', left], ['another begins', other.pen.write({ seen: [headOf(founding)] })])
  const right = write(other.pen, FOUND.other.session, 'stews')
  log.push(['it writes stews', right], ['a third begins', pen.write({ seen: [headOf(founding)] })])
  const seen = [headOf([left]), headOf([right])].sort((a, b) => compareBytes(a.device, b.device))
  const last = pen.write({ seen })
  log.push(['it relies on both', last])
  return { log, ways: [left, right], last, writer: one.writer, own }
}

function structs(writer: number, ...list: HostileStruct[]): Uint8Array {
  return hostileUpdate({ writers: [{ writer, clock: 0, structs: list }] })
}
