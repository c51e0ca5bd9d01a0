import * as Y from 'yjs'
import { hostileUpdate, textBody, valuesBody } from './hostile-update.ts'
let s = Number(process.argv[2] ?? 1)
const rnd = (n: number) => {
  s = (Math.imul(s, 1103515245) + 12345) >>> 0
  let x = s
  x ^= x >>> 15
  x = Math.imul(x, 0x2c1b3c6d) >>> 0
  x ^= x >>> 12
  return Math.floor(((x >>> 0) / 4294967296) * n)
}
const map = process.argv[3] === 'map'
function doc(us: Uint8Array[]) {
  const d = new Y.Doc()
  d.clientID = 1
  d.getText('t')
  d.getMap('m')
  for (const u of us) Y.applyUpdate(d, u)
  return d
}
const list = (d: Y.Doc) => {
  const out: [number, number][] = []
  let it: any
  if (map) {
    it = (d.getMap('m') as any)._map.get('k')
    while (it && it.left) it = it.left
  } else it = (d.getText('t') as any)._start
  let live = ''
  for (; it; it = it.right)
    for (let k = 0; k < it.length; k++) {
      out.push([it.id.client, it.id.clock + k])
      live += it.deleted ? '-' : '+'
    }
  return { out, live }
}
const str = (d: Y.Doc) => {
  const l = list(d)
  return l.out.map((x) => x.join('.')).join(' ') + ' ' + l.live
}
const par = map
  ? { parent: 'm', key: 'k', content: 8, body: valuesBody(1) }
  : { parent: 't', content: 4, body: textBody('a') }
const first = () => ({ ...par }) as any
const base = hostileUpdate({
  writers: [
    {
      writer: 50,
      clock: 0,
      structs: [
        first(),
        ...[1, 2, 3].map((i) => {
          const { content, body } = par
          return { content, body, origin: [50, i - 1] } as any
        }),
      ],
    },
  ],
})
type U = { bytes: Uint8Array; deps: number[] }
let bad = 0,
  ex = ''
const N = Number(process.argv[4] ?? 3000)
for (let t = 0; t < N; t++) {
  const writers = [60, 40, 55]
  const clocks = new Map<number, number>()
  const lastOf = new Map<number, number>()
  const ups: U[] = [{ bytes: base, deps: [] }]
  const n = 2 + rnd(6)
  for (let i = 0; i < n; i++) {
    const w = writers[rnd(3)]!
    // deps: own last closure + maybe random others closure
    const deps = new Set<number>([0])
    const add = (k: number) => {
      if (!deps.has(k)) {
        deps.add(k)
      }
      for (const d of ups[k]!.deps) if (!deps.has(d)) add(d)
    }
    if (lastOf.has(w)) add(lastOf.get(w)!)
    for (let k = 1; k < ups.length; k++) if (rnd(4) === 0) add(k)
    const d = doc([...deps].sort((a, b) => a - b).map((k) => ups[k]!.bytes))
    const view = list(d).out
    const L = view.length
    const a = rnd(L + 1) - 1,
      b = a + 1 + rnd(L - a)
    const st: any = { content: par.content, body: par.body }
    const noRight = map && process.argv[5] !== 'right'
    if (a >= 0) st.origin = view[a]
    if (b < L && !noRight) st.rightOrigin = view[b]
    if (!st.origin && !st.rightOrigin) Object.assign(st, par)
    const c = clocks.get(w) ?? 0
    clocks.set(w, c + 1)
    lastOf.set(w, ups.length)
    ups.push({ bytes: hostileUpdate({ writers: [{ writer: w, clock: c, structs: [st] }] }), deps: [...deps] })
  }
  let want: string | null = null
  for (let o = 0; o < 8; o++) {
    // random topological order
    const done = new Set<number>(),
      seq: number[] = []
    while (seq.length < ups.length) {
      const ready = ups.map((_, k) => k).filter((k) => !done.has(k) && ups[k]!.deps.every((x) => done.has(x)))
      const k = ready[rnd(ready.length)]!
      done.add(k)
      seq.push(k)
    }
    const got = str(doc(seq.map((k) => ups[k]!.bytes)))
    want ??= got
    if (got !== want) {
      bad++
      ex ||= want + ' VS ' + got
      break
    }
  }
}
console.log({ map, bad, of: N, ex })
