// Pictures: labels over images, on canvases.

/// The labels that runs stand for: pairs of a label and how often it comes, 16 bits each.
export function labelsOf(bytes, count) {
  const runs = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
  const labels = new Uint16Array(count);
  let place = 0;
  for (let index = 0; index < runs.length; index += 2) {
    labels.fill(runs[index], place, place + runs[index + 1]);
    place += runs[index + 1];
  }
  return labels;
}

/// Dark blue to yellow by way of green, in 256 steps: viridis at five places (Smith & van der Walt 2015).
const heat = (() => {
  const stops = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
  const table = new Uint8Array(3 * 256);
  for (let value = 0; value < 256; value += 1) {
    const place = value / 255 * (stops.length - 1);
    const low = Math.min(Math.floor(place), stops.length - 2);
    for (let part = 0; part < 3; part += 1) {
      table[3 * value + part] = stops[low][part] + (place - low) * (stops[low + 1][part] - stops[low][part]);
    }
  }
  return table;
})();

/// A canvas of an image's size, to be drawn into others.
function surface(picture) {
  const canvas = document.createElement("canvas");
  canvas.width = picture.width;
  canvas.height = picture.height;
  return canvas;
}

/// What is shown of an image, pixel by pixel.
export class Layer {
  constructor(picture) {
    this.picture = picture;
    this.canvas = surface(picture);
    this.context = this.canvas.getContext("2d");
    this.data = this.context.createImageData(picture.width, picture.height);
    this.pixels = this.data.data;
    this.pixels.fill(255);
  }

  finish() {
    this.context.putImageData(this.data, 0, 0);
    return this.canvas;
  }

  /// Labels over the image: `colors` has three bytes for each label.
  drawLabels(labels, colors, opacity, hasEdges) {
    const { rgb, width, height } = this.picture;
    const pixels = this.pixels;
    const share = Math.round(256 * opacity);
    const rest = 256 - share;
    const known = colors.length / 3;
    const count = width * height;
    // The labels' share of each colour, in place of a product for each pixel.
    const over = new Uint16Array(3 * 65536);
    for (let place = 0; place < 3 * known; place += 1) over[place] = colors[place] * share;
    let x = 0;
    for (let point = 0; point < count; point += 1) {
      const label = labels[point];
      x += 1;
      const isLast = x === width;
      if (isLast) x = 0;
      const target = point << 2;
      if (hasEdges && ((!isLast && label !== labels[point + 1])
        || (point + width < count && label !== labels[point + width]))) {
        pixels[target] = 255;
        pixels[target + 1] = 255;
        pixels[target + 2] = 255;
        continue;
      }
      const source = 3 * point;
      const color = 3 * label;
      pixels[target] = (rgb[source] * rest + over[color]) >> 8;
      pixels[target + 1] = (rgb[source + 1] * rest + over[color + 1]) >> 8;
      pixels[target + 2] = (rgb[source + 2] * rest + over[color + 2]) >> 8;
    }
    return this.finish();
  }

  /// Values of 0…255 by their heat, over a gray image.
  drawHeat(values, opacity, gamma) {
    const { rgb, width, height } = this.picture;
    const pixels = this.pixels;
    const table = new Uint8Array(256);
    for (let value = 0; value < 256; value += 1) table[value] = 255 * Math.pow(value / 255, gamma);
    const share = Math.round(256 * opacity);
    for (let point = 0; point < width * height; point += 1) {
      const gray = (rgb[3 * point] + rgb[3 * point + 1] + rgb[3 * point + 2]) / 3 * (256 - share);
      const color = 3 * table[values[point]];
      for (let part = 0; part < 3; part += 1) {
        pixels[4 * point + part] = (gray + heat[color + part] * share) >> 8;
      }
    }
    return this.finish();
  }

  /// Pixels by a colour that `colorOf` gives for each, or none.
  drawMarks(colorOf, opacity) {
    const { rgb, width, height } = this.picture;
    const pixels = this.pixels;
    for (let point = 0; point < width * height; point += 1) {
      const color = colorOf(point);
      const gray = (rgb[3 * point] + rgb[3 * point + 1] + rgb[3 * point + 2]) / 3;
      for (let part = 0; part < 3; part += 1) {
        pixels[4 * point + part] = color
          ? gray * (1 - opacity) + color[part] * opacity : gray * (1 - .5 * opacity);
      }
    }
    return this.finish();
  }
}

/// Where an image lies on a canvas: all views share it.
export class Placement {
  constructor() {
    this.zoom = 1;
    this.center = [.5, .5];
  }

  reset() {
    this.zoom = 1;
    this.center = [.5, .5];
  }

  /// Of a canvas: pixels of the canvas for one of the image, and where the image's corner lies.
  on(canvas, picture) {
    const scale = Math.min(canvas.width / picture.width, canvas.height / picture.height) * this.zoom;
    return {
      scale,
      left: canvas.width / 2 - this.center[0] * picture.width * scale,
      top: canvas.height / 2 - this.center[1] * picture.height * scale,
    };
  }

  /// Zooms, with a place of the image (0…1) where it is on the screen.
  zoomBy(factor, place) {
    const zoom = Math.min(64, Math.max(1, this.zoom * factor));
    const change = this.zoom / zoom;
    this.center = this.center.map((center, axis) => place[axis] + (center - place[axis]) * change);
    this.zoom = zoom;
    this.clamp();
  }

  clamp() {
    const reach = .5 / this.zoom;
    this.center = this.center.map((center) => (this.zoom <= 1 ? .5 : Math.min(1 - reach, Math.max(reach, center))));
  }
}

/// Draws what lies under the swipe's left, and what lies under its right.
export function paint(canvas, picture, placement, left, right, swipe, mark) {
  const context = canvas.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = false;
  const place = placement.on(canvas, picture);
  const [width, height] = [picture.width * place.scale, picture.height * place.scale];
  const draw = (surface) => context.drawImage(surface, place.left, place.top, width, height);
  const edge = place.left + swipe * width;
  if (swipe < 1) draw(right);
  if (swipe > 0) {
    context.save();
    context.beginPath();
    context.rect(0, 0, edge, canvas.height);
    context.clip();
    draw(left);
    context.restore();
  }
  if (swipe > 0 && swipe < 1) {
    context.fillStyle = "white";
    context.fillRect(edge - 1, 0, 2, canvas.height);
  }
  if (mark) {
    const [x, y] = [place.left + (mark[0] + .5) * place.scale, place.top + (mark[1] + .5) * place.scale];
    const reach = Math.max(6, place.scale);
    for (const [color, line] of [["black", 4], ["white", 2]]) {
      context.strokeStyle = color;
      context.lineWidth = line;
      context.strokeRect(x - reach / 2, y - reach / 2, reach, reach);
    }
  }
}
