import { encodeRecord } from '#protocol/commit'
import type { CommitRecord } from '#protocol/commit'
import type { HeadRow } from '#protocol/replica'
import { SYNC_VERSION, encodeFrame, prefixFrame } from '#protocol/sync'
import type { Frame } from '#protocol/sync'
import { listSection } from '../peers/index.ts'
import type { Pen } from './pen.ts'

/** What an attacker needs to know: it is a member, and has what the others have. */
export interface Insider {
  coop: Uint8Array
  /** Everything that the other side has, in the order of some log. */
  records: readonly CommitRecord[]
  /** The attacker's own chain. */
  pen: Pen
  /** Where what it makes up comes from. */
  random: { bytes(length: number): Uint8Array }
  /** True: it takes the part of opening rounds, and leaves it at that; the other side then does so after a while. */
  isLeading?: boolean
}

/** A peer that breaks the protocol on purpose; it knows nothing of how it is connected. */
export interface Attack {
  /** What it says first. */
  opening(): Frame[]
  /** What it says to a frame. */
  answer(frame: Frame): Frame[]
  /** What it says every so often although nobody said anything. */
  tick?: { everyMs: number; frames(): Frame[]; bytes?(): Uint8Array }
}

function hello({ coop, random, isLeading }: Insider): Frame {
  const key = new Uint8Array(16).fill(isLeading === true ? 0 : 255)
  const digests = { authority: random.bytes(32), root: random.bytes(32), forks: new Uint8Array(32) }
  return { kind: 'hello', version: SYNC_VERSION, coop, key, ...digests }
}

const brief = (round: number): Frame => ({ kind: 'brief', round, buckets: [] })
const news = (rows: HeadRow[]): Frame => ({ kind: 'rows', round: 0, rows, isLast: true })
const root = ({ random }: Insider): Frame => ({ kind: 'root', root: random.bytes(32) })
const rowOf = ({ header, id }: CommitRecord): HeadRow => {
  return { device: header.device, length: header.seq + 1, id }
}

/** Opens round after round with digests of nothing. */
export function wrongDigests(insider: Insider): Attack {
  let round = 0
  const digests = (): Frame => ({
    kind: 'digests',
    round: (round += 1),
    digests: insider.random.bytes(1_024),
  })
  return {
    opening: () => [hello(insider), digests()],
    answer: (frame) =>
      frame.kind === 'brief' ? [digests()] : frame.kind === 'digests' ? [brief(frame.round)] : [],
  }
}

/** Answers every round as if it had nothing, and then has another root. */
export function emptyBriefs(insider: Insider): Attack {
  const buckets = Array.from({ length: 256 }, (_, bucket) => ({ bucket, tags: new Uint8Array() }))
  return {
    opening: () => [hello(insider)],
    answer: (frame) =>
      frame.kind === 'digests' ? [{ kind: 'brief', round: frame.round, buckets }, root(insider)] : [],
  }
}

/** Answers every round with tags of nothing, and then has another root. */
export function wrongRoots(insider: Insider): Attack {
  const buckets = Array.from({ length: 256 }, (_, bucket) => ({ bucket, tags: new Uint8Array(120) }))
  return {
    opening: () => [hello(insider)],
    answer: (frame) => {
      if (frame.kind === 'digests') return [{ kind: 'brief', round: frame.round, buckets }]
      if (frame.kind === 'ask')
        return [{ kind: 'rows', round: frame.round, rows: [], isLast: true }, root(insider)]
      return []
    },
  }
}

/** Says roots, one after the other, and never anything else. */
export function endlessFrames(insider: Insider): Attack {
  return {
    opening: () => [hello(insider)],
    answer: () => [],
    tick: { everyMs: 1, frames: () => Array.from({ length: 100 }, () => root(insider)) },
  }
}

/** Asked for its chain, sends it and goes on writing and sending. */
export function endlessCommits(insider: Insider): Attack {
  const { pen } = insider
  let request = 0
  const batch = (): Frame => ({
    ...{ kind: 'commits', request },
    records: pen.more(1_000, 3).map((it) => it.bytes),
  })
  return {
    opening: () => [hello(insider)],
    answer: (frame) => {
      if (frame.kind === 'digests') return [brief(frame.round), news([rowOf(pen.write())])]
      if (frame.kind === 'more') return [batch()]
      if (frame.kind !== 'want') return []
      ;({ request } = frame)
      if (frame.isUrgentOnly) return [{ kind: 'done', request, isMore: false }]
      return [{ kind: 'commits', request, records: pen.written.slice(1).map((it) => it.bytes) }, batch()]
    },
  }
}

/** Asked for commits, sends a small one now and then, and never the end. */
export function endlessRange(insider: Insider): Attack {
  const { pen } = insider
  let request = 0
  return {
    opening: () => [hello(insider)],
    answer: (frame) => {
      if (frame.kind === 'digests') return [brief(frame.round), news([rowOf(pen.write())])]
      if (frame.kind !== 'want') return []
      if (frame.isUrgentOnly) return [{ kind: 'done', request: frame.request, isMore: false }]
      ;({ request } = frame)
      return [{ kind: 'commits', request, records: pen.written.slice(1).map((it) => it.bytes) }]
    },
    tick: {
      everyMs: 9_000,
      frames: () =>
        request === 0 ? [] : [{ kind: 'commits', request, records: [pen.write({ timeMs: 9 }).bytes] }],
    },
  }
}

/** Asked for the rows behind some tags, sends an old one now and then, and never the last. */
export function endlessRows(insider: Insider): Attack {
  const { records, random } = insider
  let round = 0
  const rows = records.slice(-1).map(rowOf)
  return {
    opening: () => [hello(insider)],
    answer: (frame) => {
      if (frame.kind === 'ask') ({ round } = frame)
      if (frame.kind !== 'digests') return []
      const tags = random.bytes(600)
      return [{ kind: 'brief', round: frame.round, buckets: [{ bucket: 1, tags }] }]
    },
    tick: {
      everyMs: 9_000,
      frames: () => (round === 0 ? [] : [{ kind: 'rows', round, rows, isLast: false }]),
    },
  }
}

/** Says that every chain has a commit more, and brings what it is asked for no faster than must be: old commits, and one of its own. */
export function trickle(insider: Insider): Attack {
  const { pen, records, random } = insider
  const ends = new Map(records.map((it) => [String(it.header.device), it]))
  const promise = (): Frame =>
    news([...ends.values()].map((it) => ({ ...rowOf(it), length: it.header.seq + 2, id: random.bytes(32) })))
  let request = 0
  let rest: Uint8Array = new Uint8Array()
  return {
    opening: () => [hello(insider)],
    answer: (frame) => {
      if (frame.kind === 'digests') return [brief(frame.round), promise()]
      if (frame.kind !== 'want') return []
      const done: Frame = { kind: 'done', request: frame.request, isMore: false }
      if (frame.isUrgentOnly) return [done, promise()]
      ;({ request } = frame)
      const old = records.slice(-Math.min(TRICKLE_COMMITS, frame.limit - 1)).map((it) => it.bytes)
      rest = prefixFrame(encodeFrame({ kind: 'commits', request, records: [pen.write().bytes, ...old] }))
      return []
    },
    tick: {
      everyMs: 2_000,
      frames: () => {
        if (rest.length > 0 || request === 0) return []
        const done: Frame = { kind: 'done', request, isMore: false }
        request = 0
        return [done, promise()]
      },
      bytes: () => {
        const part = rest.subarray(0, TRICKLE_BYTES)
        rest = rest.subarray(TRICKLE_BYTES)
        return part
      },
    },
  }
}

/** Twice the rate at which an answer must come; a frame of old commits lasts as long as these are large. */
const TRICKLE_BYTES = 4_096
const TRICKLE_COMMITS = 100

/** Sends a commit whose payload is left out. */
export function bareHeader(insider: Insider): Attack {
  const { pen } = insider
  const record = pen.write({}, [listSection('never shown', pen.sha256)])
  const bare = encodeRecord(record.headerBytes, record.signature, [null])
  return {
    opening: () => [hello(insider)],
    answer: (frame) => {
      if (frame.kind === 'digests') return [brief(frame.round), news([rowOf(record)])]
      if (frame.kind !== 'want') return []
      const done: Frame = { kind: 'done', request: frame.request, isMore: false }
      if (frame.isUrgentOnly) return [done]
      return [{ kind: 'commits', request: frame.request, records: [bare] }, done]
    },
  }
}

/** Says again and again which commits others had long ago. */
export function oldRows(insider: Insider): Attack {
  const { records } = insider
  const rows = Array.from({ length: 2_000 }, (_, i) => records[i % records.length]).flatMap((it) =>
    it === undefined ? [] : [rowOf(it)],
  )
  return {
    opening: () => [hello(insider)],
    answer: (frame) => (frame.kind === 'digests' ? [brief(frame.round)] : []),
    tick: { everyMs: 1, frames: () => [news(rows)] },
  }
}

/** Says that chains have commits which nobody wrote, and brings none when asked. */
export function emptyPromises(insider: Insider): Attack {
  const { records, random } = insider
  const promise = (): Frame =>
    news(records.slice(-1).map((it) => ({ ...rowOf(it), length: it.header.seq + 2, id: random.bytes(32) })))
  return {
    opening: () => [hello(insider)],
    answer: (frame) => {
      if (frame.kind === 'digests') return [brief(frame.round), promise()]
      if (frame.kind === 'want') return [{ kind: 'done', request: frame.request, isMore: false }, promise()]
      return []
    },
  }
}

/** Writes commits that acknowledge what does not exist, and goes on when no more of them may wait. */
export function acknowledgingNothing(insider: Insider): Attack {
  const { pen, random } = insider
  const nowhere = (): CommitRecord =>
    pen.write({ seen: [{ device: new Uint8Array(32).fill(255), seq: 0, id: random.bytes(32) }] })
  const written = Array.from({ length: 2_200 }, nowhere)
  let at = 0
  const promise = (): Frame => news([rowOf(written.at(-1) ?? nowhere()), rowOf(nowhere())])
  return {
    opening: () => [hello(insider)],
    answer: (frame) => {
      if (frame.kind === 'digests') return [brief(frame.round), promise()]
      if (frame.kind !== 'want') return []
      const done: Frame = { kind: 'done', request: frame.request, isMore: false }
      if (frame.isUrgentOnly) return [done]
      const part = written.slice(at, at + frame.limit)
      at = Math.min(at + frame.limit, written.length - 100)
      return [
        { kind: 'commits', request: frame.request, records: part.map((it) => it.bytes) },
        done,
        promise(),
      ]
    },
  }
}

/** Asks for one commit of everything, over and over: a few bytes that make the other side walk the whole log. */
export function walksForOne(insider: Insider): Attack {
  return asking(insider, { limit: 1, isUrgentOnly: false })
}

/** Asks for all that the authority document needs, over and over. */
export function urgentWalks(insider: Insider): Attack {
  return asking(insider, { limit: 1, isUrgentOnly: true })
}

/** Asks for everything, over and over. */
export function everythingAgain(insider: Insider): Attack {
  return asking(insider, { limit: 1_000_000, isUrgentOnly: false })
}

function asking(insider: Insider, how: { limit: number; isUrgentOnly: boolean }): Attack {
  const { records } = insider
  let request = 0
  const ends = new Map(records.map((it) => [String(it.header.device), it]))
  const wants = [...ends.values()].map((it) => ({ device: it.header.device, to: it.id, have: [] }))
  const want = (): Frame => ({ kind: 'want', request: (request += 1), ...how, wants })
  return {
    opening: () => [hello(insider), want()],
    answer: (frame) => {
      if (frame.kind === 'digests') return [brief(frame.round)]
      if (frame.kind === 'commits') return [{ kind: 'more', request: frame.request }]
      return frame.kind === 'done' ? [want()] : []
    },
  }
}
