import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ASK_TIMEOUT_MS, CLAIMS_PER_PEER_MAX, CLAIM_TIMEOUT_MS, HeadQuestion } from './head-question.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** How long a write waits, ms, when these things happen at these times. */
async function waitOf(question: HeadQuestion, events: Record<number, () => void> = {}): Promise<number> {
  const startMs = Date.now()
  const ended = { atMs: -1 }
  const done = question.wait().then(() => {
    ended.atMs = Date.now()
  })
  for (let ms = 0; ms < CLAIM_TIMEOUT_MS * 2 && ended.atMs < 0; ms += 5) {
    events[ms]?.()
    await vi.advanceTimersByTimeAsync(5)
  }
  await done
  return ended.atMs - startMs
}

test('a write does not wait when nothing was asked', async () => {
  const question = new HeadQuestion(() => true)
  expect(question.isOpen).toBe(false)
  expect(await waitOf(question)).toBeLessThan(10)
})

test('a write waits until a peer has compared heads', async () => {
  const question = new HeadQuestion(() => true)
  question.ask()
  expect(question.isOpen).toBe(true)
  const waitedMs = await waitOf(question, { 400: () => question.answered('peer', false) })
  expect(waitedMs).toBeGreaterThanOrEqual(400)
  expect(waitedMs).toBeLessThan(500)
  expect(question.isOpen).toBe(false)
})

test('a write goes on after three seconds without an answer, and the next one at once', async () => {
  const question = new HeadQuestion(() => true)
  question.ask()
  const waitedMs = await waitOf(question)
  expect(waitedMs).toBeGreaterThanOrEqual(ASK_TIMEOUT_MS)
  expect(waitedMs).toBeLessThan(ASK_TIMEOUT_MS + 100)
  expect(await waitOf(question)).toBeLessThan(10)
})

test('a write does not wait where nobody can answer, and goes on when the last one goes', async () => {
  let canBeAnswered = false
  const question = new HeadQuestion(() => canBeAnswered)
  question.ask()
  expect(await waitOf(question)).toBeLessThan(10)
  canBeAnswered = true
  question.ask()
  const waitedMs = await waitOf(question, {
    600: () => {
      canBeAnswered = false
    },
  })
  expect(waitedMs).toBeLessThan(700)
})

test('a peer that says that it knows more is waited for until both hold the same', async () => {
  const question = new HeadQuestion(() => true)
  question.claimed('peer')
  const waitedMs = await waitOf(question, {
    // A batch arrived, but not the commit.
    300: () => question.answered('peer', false),
    400: () => question.answered('another', true),
    900: () => question.answered('peer', true),
  })
  expect(waitedMs).toBeGreaterThanOrEqual(900)
  expect(waitedMs).toBeLessThan(1_000)
})

test('a claim that is never made good holds a write for its time, and a peer can make few of them', async () => {
  const question = new HeadQuestion(() => true)
  for (let i = 0; i < CLAIMS_PER_PEER_MAX; i += 1) {
    question.claimed('liar')
    question.claimed('liar')
    const waitedMs = await waitOf(question)
    expect(waitedMs).toBeGreaterThanOrEqual(CLAIM_TIMEOUT_MS)
    expect(waitedMs).toBeLessThan(CLAIM_TIMEOUT_MS + 100)
  }
  question.claimed('liar')
  expect(question.isOpen).toBe(false)
  question.claimed('another')
  expect(question.isOpen).toBe(true)
  question.drop()
  expect(question.isOpen).toBe(false)
})

test('a clock that is set back does not hold a write', async () => {
  const question = new HeadQuestion(() => true)
  question.claimed('a')
  vi.setSystemTime(Date.now() - 3_600_000)
  expect(await waitOf(question)).toBeLessThan(CLAIM_TIMEOUT_MS + 100)
})
