import type { JSX } from 'preact'
import type { EventView } from '#apps/page'
import { Symbol } from '#apps/page'
import { DoublesButton } from './doubles-button.tsx'
import { usePage } from './page-context.ts'
import { eventAddress } from './route.ts'

/** How an event goes, and what is still to be done before it can. */
export function OverviewPanel({ view }: { view: EventView }): JSX.Element {
  const { texts, words } = usePage()
  const { stats } = view
  const count = (value: number): string => words.count(value)
  const rare = (
    [
      ['cancelled', stats.cancelled],
      ['refused', stats.refused],
      ['open', stats.open],
      ['overrides', stats.overrides],
      ['undone', stats.undone],
      ['doubles', stats.doubles],
    ] as const
  ).filter(([, value]) => value > 0)
  return (
    <>
      <NextSteps view={view} />
      <dl class="figures" data-testid="figures">
        {(['sold', 'admitted', 'inside'] as const).map((it) => (
          <div key={it} class="figure">
            <dt>{texts.stats[it]}</dt>
            <dd data-testid={`stat-${it}`}>{count(stats[it])}</dd>
          </div>
        ))}
      </dl>
      <section class="card stack">
        <h2>{texts.overview.promise}</h2>
        <Guarantee view={view} />
        <div class="actions actions-start">
          <a href="/gate" class="button button-primary">
            <Symbol name="enter" />
            {texts.phones.gate}
          </a>
          <a href="/sale" class="button">
            <Symbol name="ticket" />
            {texts.phones.sale}
          </a>
        </div>
      </section>
      {view.classes.length > 0 && (
        <section class="card stack">
          <h2>{texts.classes.title}</h2>
          <ul class="plain rows">
            {view.classes.map((it) => (
              <li key={it.class} class="row">
                <span class="row-main">
                  <strong>{it.name}</strong>
                  <span class="muted">
                    {texts.classes.seats(count(it.sold), count(it.seats.capacity), count(it.admitted))}
                  </span>
                </span>
                <meter min={0} max={Math.max(1, it.seats.capacity)} value={it.sold} aria-label={it.name} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {view.zones.length > 0 && (
        <section class="card stack">
          <h2>{texts.zones.title}</h2>
          <ul class="plain rows">
            {view.zones.map((it) => (
              <li key={it.zone} class="row">
                <span class="row-main">
                  <strong>{it.zone}</strong>
                  <span class="muted">{texts.zones.inside(count(it.inside), count(it.capacity))}</span>
                </span>
                <meter min={0} max={Math.max(1, it.capacity)} value={it.inside} aria-label={it.zone} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {rare.length > 0 && (
        <section class="card stack">
          <h2>{texts.stats.title}</h2>
          <dl class="pairs">
            {rare.map(([name, value]) => (
              <div key={name}>
                <dt>{texts.stats[name]}</dt>
                <dd>{count(value)}</dd>
              </div>
            ))}
          </dl>
          {stats.doubles > 0 && <DoublesButton event={view.event} />}
          <p class="muted">
            {texts.stats.state} <code title={view.stateHash}>{view.stateHash.slice(0, 12)}</code>
          </p>
        </section>
      )}
    </>
  )
}

/** What the gates hear of each other, and what this device lets in alone. */
function Guarantee({ view }: { view: EventView }): JSX.Element {
  const { texts, words } = usePage()
  const { gates, reachable, cutOffSinceMs, own, others } = view.guarantee
  const all = { canAdmit: own.canAdmit + others.canAdmit, sold: own.sold + others.sold }
  const lost = view.groups.flatMap((it) => it.buckets).filter((it) => it.state === 'lost').length
  return (
    <>
      <p class={`note ${cutOffSinceMs === null ? 'note-news' : 'note-warning'}`}>
        <Symbol name={cutOffSinceMs === null ? 'mesh' : 'cut-off'} />
        <span>
          {cutOffSinceMs === null
            ? texts.overview.mesh(words.count(reachable), words.count(gates))
            : texts.overview.cutOff(words.duration(Date.now() - cutOffSinceMs))}{' '}
          {texts.overview.alone(words.share(all))}
        </span>
      </p>
      {lost > 0 && <p class="note note-warning">{texts.overview.lost(words.count(lost))}</p>}
    </>
  )
}

function NextSteps({ view }: { view: EventView }): JSX.Element | null {
  const { texts } = usePage()
  const { steps } = texts.overview
  const missing = [
    ...(view.classes.length === 0 ? [steps.classes] : []),
    ...(view.groups.length === 0 ? [steps.gates] : []),
  ]
  if (missing.length === 0) return null
  return (
    <div class="note note-news" data-testid="next-steps">
      <div class="stack">
        <p class="note-title">{steps.title}</p>
        <ul>
          {missing.map((it) => (
            <li key={it}>{it}</li>
          ))}
        </ul>
        <p>
          <a href={eventAddress(view.event, 'setup')}>{texts.parts.setup}</a>
        </p>
      </div>
    </div>
  )
}
