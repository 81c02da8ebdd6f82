/** A gradient stop: offset 0 to 1, colour, opacity (1 when left out). */
export type Stop = readonly [offset: number, color: string, opacity?: number];

/** A linear gradient's direction in fractions of the painted box; the default runs from top to bottom. */
export interface Direction {
  readonly x1?: number;
  readonly y1?: number;
  readonly x2?: number;
  readonly y2?: number;
}

/** A radial gradient's centre, radius and focus, in fractions of the painted box. */
export interface Focus {
  readonly cx?: number;
  readonly cy?: number;
  readonly r?: number;
  readonly fx?: number;
  readonly fy?: number;
}

/** The paper of one picture: it collects gradients, filters and clips, equal ones once, and closes into an SVG document. */
export interface Sheet {
  linear(stops: readonly Stop[], direction?: Direction): string;
  radial(stops: readonly Stop[], focus?: Focus): string;
  blur(deviation: number): string;
  /** Clips to the given shapes, in the user space of what refers to it. */
  clip(shapes: string): string;
  /** Lets through what the shapes paint white. */
  mask(shapes: string): string;
  /** Adds any other definition and gives back its reference; `build` receives the id. */
  define(key: string, build: (id: string) => string): string;
  close(size: { readonly width: number; readonly height: number; readonly title: string }, body: string): string;
}

/** Rounds to a tenth of a unit, so that the files are small and the same on every machine. */
export function n(value: number): string {
  return String(Math.round(value * 10) / 10 + 0);
}

export function createSheet(): Sheet {
  const definitions = new Map<string, { id: string; markup: string }>();

  function define(key: string, build: (id: string) => string): string {
    const known = definitions.get(key);
    if (known !== undefined) return `url(#${known.id})`;
    const id = `d${definitions.size.toString(36)}`;
    definitions.set(key, { id, markup: build(id) });
    return `url(#${id})`;
  }

  function stopMarkup(stops: readonly Stop[]): string {
    return stops
      .map(([offset, color, opacity]) => {
        const see = opacity === undefined ? "" : ` stop-opacity="${opacity}"`;
        return `<stop offset="${offset}" stop-color="${color}"${see}/>`;
      })
      .join("");
  }

  return {
    define,
    linear(stops, { x1 = 0, y1 = 0, x2 = 0, y2 = 1 } = {}) {
      const head = `x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"`;
      const inner = stopMarkup(stops);
      return define(`linear ${head} ${inner}`, (id) => `<linearGradient id="${id}" ${head}>${inner}</linearGradient>`);
    },
    radial(stops, { cx = 0.5, cy = 0.5, r = 0.5, fx = cx, fy = cy } = {}) {
      const head = `cx="${cx}" cy="${cy}" r="${r}" fx="${fx}" fy="${fy}"`;
      const inner = stopMarkup(stops);
      return define(`radial ${head} ${inner}`, (id) => `<radialGradient id="${id}" ${head}>${inner}</radialGradient>`);
    },
    blur(deviation) {
      return define(
        `blur ${deviation}`,
        (id) =>
          `<filter id="${id}" x="-100%" y="-100%" width="300%" height="300%"><feGaussianBlur stdDeviation="${deviation}"/></filter>`,
      );
    },
    clip(shapes) {
      return define(`clip ${shapes}`, (id) => `<clipPath id="${id}">${shapes}</clipPath>`);
    },
    mask(shapes) {
      return define(
        `mask ${shapes}`,
        (id) =>
          `<mask id="${id}" maskUnits="userSpaceOnUse" x="-4000" y="-4000" width="8000" height="8000">${shapes}</mask>`,
      );
    },
    close({ width, height, title }, body) {
      const defs = [...definitions.values()].map(({ markup }) => markup).join("\n");
      return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">\n<title>${title}</title>\n<defs>\n${defs}\n</defs>\n${body}\n</svg>\n`;
    },
  };
}

/** Puts content drawn around the origin at a point, turned by degrees clockwise. */
export function place(
  { x, y, turn = 0, scale = 1 }: { x: number; y: number; turn?: number; scale?: number },
  content: string,
): string {
  const turned = turn === 0 ? "" : ` rotate(${n(turn)})`;
  const scaled = scale === 1 ? "" : ` scale(${scale})`;
  return `<g transform="translate(${n(x)} ${n(y)})${turned}${scaled}">${content}</g>`;
}
