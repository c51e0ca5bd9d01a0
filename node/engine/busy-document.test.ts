import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { expect, test } from 'vitest'
import { CATALOGUE } from '#protocol/catalogue'
import type { CatalogueState } from '#protocol/catalogue'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { Store } from '#node/store'
import { listSection } from '../../test/actors/coop-actors.ts'
import { Pen, coopWithPen, headOf, recordsOf } from '../../test/actors/pen.ts'
import { Engine } from './engine.ts'

const crypto = nodeCrypto()

test('a document that a fork changes is made anew however fast its sections come', async () => {
  const { pen, coop, admit, founder } = coopWithPen(51)
  const busy = new Pen(coop, admit('member').signer)
  const folder = await mkdtemp(join(tmpdir(), 'coopmesh-busy-'))
  const store = await Store.open(join(folder, 'store'))
  const signer = nodeSigner(new Uint8Array(32).fill(9))
  const log = pino({ level: 'silent' })
  const engine = await Engine.open({ store, crypto, signer, coop, log, cached: () => null })
  engine.ingest(recordsOf(founder))
  busy.write({ seen: [headOf(recordsOf(founder))] })
  engine.ingest([...pen.written, ...busy.written])
  for (let i = 0; i < 40; i += 1) engine.ingest([pen.write({}, [listSection(`file ${i}`, crypto.sha256)])])
  await engine.open(CATALOGUE)
  let read = 0
  let more = 0
  const serve = engine.serve.bind(engine)
  engine.serve = async (orders) => {
    // Whatever is read, something else has come before it is here.
    more += 1
    if (more <= 50) engine.ingest([busy.write({}, [listSection(`more ${more}`, crypto.sha256)])])
    const served = await serve(orders.slice(0, 10))
    read += served.length
    return served
  }
  pen.forget(1)
  engine.ingest([pen.write({ timeMs: 9 }, [listSection('other', crypto.sha256)])])
  const state = (await engine.open(CATALOGUE)) as CatalogueState | null
  const names = [...(state?.listings.values() ?? [])].map((it) => it.name)
  expect(['file 38', 'file 39', 'other', 'more 1'].map((it) => names.includes(it))).toEqual([
    ...[true, false, false, true],
  ])
  expect(read).toBeLessThan(150)
  await engine.close()
  await store.close()
  await rm(folder, { recursive: true, force: true })
})
