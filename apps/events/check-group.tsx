import type { JSX } from 'preact'

/** Names of which any may be chosen; none chosen means all. */
export function CheckGroup(props: {
  title: string
  hint: string
  names: readonly string[]
  chosen: readonly string[]
  onChosen: (chosen: string[]) => void
}): JSX.Element {
  const { names, chosen } = props
  return (
    <fieldset class="choice">
      <legend>{props.title}</legend>
      <div class="choices">
        {names.map((it) => (
          <label key={it} class="check">
            <input
              type="checkbox"
              checked={chosen.includes(it)}
              onChange={(event) =>
                props.onChosen(
                  names.filter((name) => (name === it ? event.currentTarget.checked : chosen.includes(name))),
                )
              }
            />
            {it}
          </label>
        ))}
      </div>
      <p class="hint">{props.hint}</p>
    </fieldset>
  )
}
