import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { CallFailure } from '#apps/page'
import type { Bucket, EventView, Holder, Words } from '#apps/page'
import type { GateCalls } from './gate-calls.ts'
import type { Texts } from './texts.ts'

/** Which device holds the tickets of each gate; they are fetched before a cut-off and handed over at closing. */
export function BucketsPanel(props: {
  view: EventView
  calls: GateCalls
  texts: Texts
  words: Words
}): JSX.Element {
  const { view, calls, texts, words } = props
  const [moving, setMoving] = useState<string | null>(null)
  const [said, setSaid] = useState('')
  const move = (group: string, work: () => Promise<string>): void => {
    if (moving !== null) return
    setMoving(group)
    setSaid('')
    work()
      .then(setSaid)
      .catch((thrown: unknown) => {
        const isSilent = thrown instanceof CallFailure && thrown.status === 0
        setSaid(texts.log.failed(isSilent ? texts.log.unreachable : (thrown as Error).message))
      })
      .finally(() => setMoving(null))
  }
  const take = async (group: string): Promise<string> => {
    const { missing } = await calls.take(view.event, group)
    return missing.length === 0 ? texts.scan.moveDone : texts.scan.moveMissing(words.count(missing.length))
  }
  const hand = async (group: string | null, to: Holder): Promise<string> => {
    const { isThere, elsewhere } = await calls.hand(view.event, group, to.device)
    if (!isThere) return texts.scan.moveUnderWay(to.deviceName)
    return elsewhere.length === 0
      ? texts.scan.moveDone
      : texts.scan.moveElsewhere(words.count(elsewhere.length))
  }
  const isManyHere = view.groups.filter((it) => it.buckets.some(isHere)).length > 1
  return (
    <section class="buckets">
      <h3>{texts.scan.buckets}</h3>
      <p class="muted">{texts.scan.bucketsNote}</p>
      <p data-testid="bucket-alone">{texts.scan.alone(view.guarantee, words)}</p>
      <ul class="plain">
        {view.groups.map(({ group, buckets }) => {
          const places = [...new Set(buckets.map((it) => placeOf(it, texts)))].join(', ')
          return (
            <li key={group} class="bucket" data-testid="bucket">
              <span>
                <strong>{group}</strong>
                <span class="muted">{moving === group ? texts.scan.moving : places}</span>
              </span>
              {buckets.some((it) => it.state === 'reachable') && (
                <button
                  type="button"
                  class="button"
                  data-testid="bucket-take"
                  aria-disabled={moving !== null}
                  onClick={() => move(group, async () => take(group))}
                >
                  {texts.scan.take}
                </button>
              )}
              {buckets.some(isHere) &&
                view.gatesInReach.map((it) => (
                  <button
                    key={it.device}
                    type="button"
                    class="button"
                    data-testid="bucket-hand"
                    aria-disabled={moving !== null}
                    onClick={() => move(group, async () => hand(group, it))}
                  >
                    {texts.scan.hand(it.deviceName)}
                  </button>
                ))}
            </li>
          )
        })}
      </ul>
      {isManyHere &&
        view.gatesInReach.map((it) => (
          <button
            key={it.device}
            type="button"
            class="button"
            data-testid="bucket-hand-all"
            aria-disabled={moving !== null}
            onClick={() => move('', async () => hand(null, it))}
          >
            {texts.scan.handAll(it.deviceName)}
          </button>
        ))}
      <p role="status" data-testid="bucket-said">
        {said}
      </p>
    </section>
  )
}

function isHere({ state }: Bucket): boolean {
  return state === 'here'
}

function placeOf({ state, holder, isLost }: Bucket, { scan }: Texts): string {
  const name = holder?.deviceName ?? '?'
  switch (state) {
    case 'here':
      return isLost ? scan.bucketHereLost : scan.bucketHere
    case 'reachable':
      return scan.bucketAt(name)
    case 'elsewhere':
    case 'nowhere':
      return scan.bucketApart(name)
    case 'lost':
      return scan.bucketLost
  }
}
