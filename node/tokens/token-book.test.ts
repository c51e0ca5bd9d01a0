import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FindingLog } from '#node/findings'
import { TOKENS_MAX, TokenBook } from './token-book.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-tokens-'))
  path = join(folder, 'api.tokens')
})
afterEach(async () => rm(folder, { recursive: true, force: true }))

const open = async (findings = new FindingLog()): Promise<TokenBook> => TokenBook.open(path, findings)
const wish = { name: 'stall till', scope: 'till', expiresMs: null } as const

test('a created token is known after a restart, by its secret alone, which is not on the disk', async () => {
  const book = await open()
  const { secret, ...view } = await book.create(wish)
  // On the disk before the answer, whatever happens next.
  const again = await open()
  expect(again.list()).toEqual([view])
  expect(again.identify(secret)).toMatchObject({ id: view.id, scope: 'till' })
  const text = await readFile(path, 'utf8')
  expect(text).not.toContain(secret)
  expect(text).not.toContain(secret.slice('coop_'.length + 9))
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await readdir(folder)).toEqual(['api.tokens'])
  for (const wrong of ['', 'coop_', secret.slice(0, -1), `${secret}A`, secret.replace(view.id, 'ffffffff')])
    expect(again.identify(wrong), wrong).toBeNull()
})

test('the secret of one token does not open another', async () => {
  const book = await open()
  const [a, b] = [await book.create(wish), await book.create(wish)]
  expect(book.identify(`coop_${a.id}_${b.secret.slice(14)}`)).toBeNull()
})

test('the last use outlives a restart', async () => {
  const book = await open()
  const { id } = await book.create(wish)
  book.noteUse(id, { atMs: 5, from: '127.0.0.1, curl/8', call: 'GET /v1/status' })
  await book.close()
  expect((await open()).list()[0]?.lastUse).toEqual({
    ...{ atMs: 5, from: '127.0.0.1, curl/8', call: 'GET /v1/status' },
  })
})

test('a use that is noted while another token is written is not lost', async () => {
  const book = await open()
  const { id } = await book.create(wish)
  const writing = book.create(wish)
  book.noteUse(id, { atMs: 7, from: 'x', call: 'y' })
  await writing
  await book.close()
  expect((await open()).list()[0]?.lastUse?.atMs).toBe(7)
})

test('an expired token is named as such, stays on the list, and ends what is open on it', async () => {
  const book = await open()
  const { id, secret, expiresAtMs } = await book.create({ ...wish, expiresMs: 60 })
  const bearer = book.identify(secret)
  if (bearer === null || bearer === 'expired') throw new Error('not yet')
  await new Promise<void>((resolve) => {
    // Timers of tokens hold no process open; this one does.
    const timer = setInterval(() => null, 1_000)
    bearer.ended.addEventListener('abort', () => {
      clearInterval(timer)
      resolve()
    })
  })
  expect(book.identify(secret)).toBe('expired')
  expect(book.identify(secret, (expiresAtMs ?? 0) - 1)).toMatchObject({ id })
  expect(book.list()).toHaveLength(1)
  expect((await open()).identify(secret)).toBe('expired')
})

test('a revoked token ends at once and for good', async () => {
  const book = await open()
  const { id, secret } = await book.create(wish)
  const bearer = book.identify(secret)
  await book.revoke(id)
  expect(bearer !== null && bearer !== 'expired' && bearer.ended.aborted).toBe(true)
  expect([book.identify(secret), (await open()).identify(secret)]).toEqual([null, null])
  await expect(book.revoke(id)).rejects.toMatchObject({ code: 'token-unknown' })
})

test('of a damaged list no token works, and it is said', async () => {
  const { secret } = await (await open()).create(wish)
  const text = await readFile(path, 'utf8')
  for (const damaged of [text.replace('"till"', '"admin"'), text.slice(0, 40), 'null\n', '']) {
    await writeFile(path, damaged)
    const findings = new FindingLog()
    const book = await open(findings)
    expect(book.identify(secret)).toBeNull()
    expect(findings.all()).toMatchObject([{ code: 'api-token', severity: 'lost' }])
    expect(await open(new FindingLog())).toMatchObject({})
  }
})

test('a token that cannot be written does not exist', async () => {
  const book = await open()
  const { id, secret } = await book.create(wish)
  await rm(folder, { recursive: true, force: true })
  await expect(book.create(wish)).rejects.toMatchObject({ code: 'ENOENT' })
  expect(book.list().map((it) => it.id)).toEqual([id])
  await expect(book.revoke(id)).rejects.toMatchObject({ code: 'ENOENT' })
  expect(book.identify(secret)).toMatchObject({ id })
})

test('there are no more tokens than the limit', async () => {
  const book = await open()
  const made = Array.from({ length: TOKENS_MAX }, async () => book.create(wish))
  await Promise.all(made)
  await expect(book.create(wish)).rejects.toMatchObject({ code: 'refused' })
})
