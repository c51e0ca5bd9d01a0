import { afterAll, expect, test } from 'vitest'
import { writeFileSync } from 'node:fs'
import { Workbench } from '/work/main/test/actors/workbench.ts'
import { until } from '/work/main/test/actors/until.ts'
const bench = await Workbench.open()
afterAll(() => bench.close())
test('x', async () => {
  let nas = await bench.found('nas')
  let [venue, archive] = await Promise.all([bench.join('venue', nas), bench.join('archive', nas, 'archive')])
  const all = () => [nas, venue, archive]
  const ok = async (label: string) => {
    const t = Date.now()
    try {
      await until('synced', async () => {
        const p = await Promise.all(all().map((n) => n.peers()))
        return p.every((l) => l.filter((x) => x.state === 'synced').length === 2)
      }, 20000)
      console.log(label, Date.now() - t)
    } catch (e) {
      for (const n of all()) { console.log(n.folder, n.device, (await n.status()).headsRoot?.slice(0,8), JSON.stringify((await n.peers()).map(({device,name,state,lastClose,bytesIn,bytesOut})=>({name,state,lastClose,bytesIn,bytesOut}))));
       writeFileSync('/tmp/restart-'+n.folder.split('/').at(-1)+'.log', n.log) }
      throw e
    }
  }
  await ok('first')
  for (let i = 0; i < 8; i++) {
    await venue.set('menu', 'last', i)
    await Promise.all(all().map((n) => n.kill9()))
    ;[nas, venue, archive] = await Promise.all(['nas','venue','archive'].map((n) => bench.start(n, { env: { COOP_LOG: 'debug' } })))
    await ok('round ' + i)
  }
}, 300000)
