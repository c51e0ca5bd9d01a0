import { expect, test } from 'vitest'
import { listSection, must, testCoop } from '../../test/actors/coop-actors.ts'
import { reader, recordsOf } from '../../test/actors/pen.ts'
import { toHex } from '../encoding/index.ts'
import { ANNOUNCE_DELAY_MS, ANNOUNCE_EVERY_MS } from './limits.ts'
import { PeerNews } from './peer-news.ts'

const { crypto, coop, founder } = testCoop(1)
const before = recordsOf(founder)
const written = ['first', 'second'].map(
  (name) => must(founder.author([listSection(name, crypto.sha256)])).commit,
)
const [first, second] = written
if (first === undefined || second === undefined) throw new Error('two commits')
const open = (hasPassedOn: ((order: number) => boolean) | null) => {
  const replica = reader(coop, before)
  const news = new PeerNews(replica, hasPassedOn)
  news.start()
  return { replica, news, told: () => news.take(0).map((row) => toHex(row.id)) }
}

test('what a peer passed on by another way is no news for it', () => {
  const { replica, news, told } = open(() => true)
  replica.ingest([first])
  news.changed([0], 0)
  expect(news.atMs).toBeNull()
  expect(told()).toEqual([])
})

test('where the peer may pass news on as well, chains that grew while news were gathered are told next time', () => {
  const { replica, news, told } = open(() => false)
  replica.ingest([first])
  news.changed([0], 0)
  expect(news.atMs).toBe(ANNOUNCE_DELAY_MS)
  replica.ingest([second])
  news.changed([0], 50)
  expect(told()).toEqual([toHex(second.id)])
  expect(news.atMs).toBe(ANNOUNCE_EVERY_MS)
  expect(told()).toEqual([toHex(second.id)])
  expect(news.atMs).toBeNull()
  expect(told()).toEqual([])
})

test('where it has no other way, all that was gathered is told at once', () => {
  const { replica, news, told } = open(null)
  replica.ingest([first])
  news.changed([0], 0)
  replica.ingest([second])
  news.changed([0], 50)
  expect(told()).toEqual([toHex(second.id)])
  expect(news.atMs).toBeNull()
})

test('news that wait for the stream are told with what comes until then', () => {
  const { replica, news, told } = open(null)
  replica.ingest([first])
  news.changed([0], 0)
  news.postpone(ANNOUNCE_DELAY_MS)
  expect(news.atMs).toBe(2 * ANNOUNCE_DELAY_MS)
  replica.ingest([second])
  expect(told()).toEqual([toHex(second.id)])
  expect(news.atMs).toBeNull()
})
