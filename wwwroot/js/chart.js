// A chart of two rates over time. It owns its samples: the past comes once, then one sample a beat; nothing else is asked of the server.
const UNITS = ['B/s', 'KiB/s', 'MiB/s', 'GiB/s', 'TiB/s'];

export function rateText(rate) {
  if (rate < 0) return '–';
  let unit = 0;
  while (rate >= 1024 && unit < UNITS.length - 1) { rate /= 1024; unit++; }
  const digits = unit === 0 || rate >= 100 ? 0 : rate >= 10 ? 1 : 2;
  return `${rate.toLocaleString(document.documentElement.lang || 'en', { minimumFractionDigits: digits, maximumFractionDigits: digits })}\u00A0${UNITS[unit]}`;
}

// The least of 1, 2, 5 times a power of ten of its binary unit that is not below the value.
export function niceTop(value) {
  let unit = 1;
  while (value / unit >= 1024) unit *= 1024;
  const part = Math.max(1, value / unit);
  const power = 10 ** Math.floor(Math.log10(part));
  const step = [1, 2, 5, 10].find(one => one * power >= part);
  return step * power * unit;
}

export function start(canvas, readout, words) {
  const ends = new AbortController();
  const context = canvas.getContext('2d');
  let [begin, period, down, up, downLimit, upLimit] = [0, 1000, [], [], 0, 0];
  let [sum, count] = [[0, 0], 0];
  let cursor = -1;
  let frame = 0;

  const draw = () => {
    frame = 0;
    const style = getComputedStyle(canvas);
    const color = name => style.getPropertyValue(name).trim();
    const ratio = devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width || !height) return;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const [left, right, top, bottom] = [72, 8, 8, 22];
    const highest = niceTop(Math.max(1024, ...down, ...up));
    const x = place => left + (width - left - right) * (down.length < 2 ? 1 : place / (down.length - 1));
    const y = rate => height - bottom - (height - top - bottom) * rate / highest;

    context.font = `12px ${style.fontFamily}`;
    context.textBaseline = 'middle';
    context.textAlign = 'right';
    for (const share of [0, 0.5, 1]) {
      context.strokeStyle = color('--line');
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(left, Math.round(y(highest * share)) + 0.5);
      context.lineTo(width - right, Math.round(y(highest * share)) + 0.5);
      context.stroke();
      context.fillStyle = color('--text-2');
      context.fillText(rateText(highest * share), left - 8, y(highest * share));
    }
    context.textBaseline = 'bottom';
    const clock = place => new Date(begin + place * period).toLocaleString(document.documentElement.lang || 'en', period > 60000 ? { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } : { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
    if (down.length > 1) {
      context.textAlign = 'left';
      context.fillText(clock(0), left, height);
      context.textAlign = 'right';
      context.fillText(clock(down.length - 1), width - right, height);
    }

    // Gaps where the client did not run: a line begins anew after each.
    const line = (rates, dash, stroke, fill) => {
      let from = -1;
      for (let i = 0; i <= rates.length; i++) {
        const isGap = i === rates.length || rates[i] < 0;
        if (!isGap && from < 0) from = i;
        if (!isGap || from < 0) continue;
        context.beginPath();
        for (let j = from; j < i; j++) j === from ? context.moveTo(x(j), y(rates[j])) : context.lineTo(x(j), y(rates[j]));
        context.setLineDash(dash);
        context.strokeStyle = stroke;
        context.lineWidth = 2;
        context.stroke();
        if (fill) {
          context.lineTo(x(i - 1), y(0));
          context.lineTo(x(from), y(0));
          context.globalAlpha = 0.14;
          context.fillStyle = fill;
          context.fill();
          context.globalAlpha = 1;
        }
        from = -1;
      }
      context.setLineDash([]);
    };
    line(down, [], color('--down'), color('--down'));
    line(up, [6, 4], color('--up'));
    for (const [limit, name] of [[downLimit, '--down'], [upLimit, '--up']]) {
      if (limit <= 0 || limit > highest) continue;
      context.setLineDash([1, 4]);
      context.strokeStyle = color(name);
      context.lineWidth = 1.5;
      context.beginPath();
      context.moveTo(left, y(limit));
      context.lineTo(width - right, y(limit));
      context.stroke();
      context.setLineDash([]);
    }

    if (cursor >= 0 && cursor < down.length) {
      context.strokeStyle = color('--text-2');
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(x(cursor), top);
      context.lineTo(x(cursor), height - bottom);
      context.stroke();
      readout.textContent = down[cursor] < 0 ? `${clock(cursor)} · ${words.gap}` : `${clock(cursor)} · ${words.down} ${rateText(down[cursor])} · ${words.up} ${rateText(up[cursor])}`;
    } else {
      const known = down.filter(rate => rate >= 0);
      readout.textContent = known.some(rate => rate > 0) || up.some(rate => rate > 0)
        ? `${words.most}: ${words.down} ${rateText(Math.max(...down))}, ${words.up} ${rateText(Math.max(...up))}` : words.empty;
    }
    canvas.dataset.samples = String(down.length);
  };

  const redraw = () => { frame ||= requestAnimationFrame(draw); };
  const on = (type, listener) => canvas.addEventListener(type, listener, { signal: ends.signal });
  on('pointermove', event => {
    cursor = Math.round((event.offsetX - 72) / (canvas.clientWidth - 80) * (down.length - 1));
    redraw();
  });
  on('pointerleave', () => { cursor = -1; redraw(); });
  on('blur', () => { cursor = -1; redraw(); });
  on('keydown', event => {
    const last = down.length - 1;
    const next = { ArrowLeft: (cursor < 0 ? last : cursor) - 1, ArrowRight: (cursor < 0 ? last : cursor) + 1, Home: 0, End: last }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    cursor = Math.min(last, Math.max(0, next));
    redraw();
  });
  const size = new ResizeObserver(redraw);
  size.observe(canvas);
  const theme = new MutationObserver(redraw);
  theme.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });

  return {
    load(from, length, downs, ups, downMost, upMost) {
      [begin, period, down, up, downLimit, upLimit] = [from, length, [...downs], [...ups], downMost, upMost];
      [sum, count] = [[Math.max(0, down.at(-1) ?? 0), Math.max(0, up.at(-1) ?? 0)], down.length ? 1 : 0];
      redraw();
    },
    // A sample belongs to the period it is in: the last one averages until the next begins.
    add(at, downNow, upNow, downMost, upMost) {
      [downLimit, upLimit] = [downMost, upMost];
      if (!down.length) begin = at;
      while (!down.length || at >= begin + down.length * period) {
        const isSkipped = down.length && at >= begin + (down.length + 1) * period;
        down.push(isSkipped ? down.at(-1) : downNow);
        up.push(isSkipped ? up.at(-1) : upNow);
        [sum, count] = [[0, 0], 0];
        if (down.length > 720) { down.shift(); up.shift(); begin += period; }
      }
      [sum, count] = [[sum[0] + downNow, sum[1] + upNow], count + 1];
      down[down.length - 1] = sum[0] / count;
      up[up.length - 1] = sum[1] / count;
      redraw();
    },
    stop() {
      ends.abort();
      size.disconnect();
      theme.disconnect();
      cancelAnimationFrame(frame);
    },
  };
}
