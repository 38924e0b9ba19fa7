const rows = document.querySelector('#readings tbody')
const state = document.querySelector('#state')

async function refresh() {
  const response = await fetch('/readings.json')
  const { channels, time } = await response.json()
  rows.replaceChildren(
    ...channels.map(({ name, value, unit }) => {
      const row = document.createElement('tr')
      for (const text of [name, value.toFixed(3), unit]) row.append(Object.assign(document.createElement('td'), { textContent: text }))
      return row
    }),
  )
  state.textContent = `last reading ${new Date(time * 1000).toLocaleTimeString()}`
}

setInterval(() => refresh().catch((error) => (state.textContent = String(error))), 1000)
