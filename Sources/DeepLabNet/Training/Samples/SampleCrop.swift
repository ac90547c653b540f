import Unaries

/// One view of a labelled image, or of a part of it, as the network sees it.
///
/// Images are resized between the four nearest pixels with half-pixel centres, without smoothing
/// first; labels are those of the nearest pixel.
struct SampleCrop {
  private let rows: [LinearTap]
  private let columns: [LinearTap]
  private let labelRows: [Int]
  private let labelColumns: [Int]
  /// The size of what is written; at least that of the taps.
  let height: Int
  let width: Int

  init(
    _ view: SampleAugmentation.View, of part: PixelBox, crop: SampleAugmentation.Crop?
  ) {
    height = crop?.height ?? view.height
    width = crop?.width ?? view.width
    let shownRows = view.top..<min(view.height, view.top + height)
    let shownColumns = view.left..<min(view.width, view.left + width)
    func taps(_ inputs: Range<Int>, _ outputs: Int, _ shown: Range<Int>) -> [LinearTap] {
      LinearTap.taps(from: inputs.count, to: outputs, alignment: .halfPixel)[shown].map {
        $0.moved(by: inputs.lowerBound)
      }
    }
    func nearest(_ inputs: Range<Int>, _ outputs: Int, _ shown: Range<Int>) -> [Int] {
      shown.map { inputs.lowerBound + LabelMap.nearest($0, of: inputs.count, to: outputs) }
    }
    rows = taps(part.rows, view.height, shownRows)
    labelRows = nearest(part.rows, view.height, shownRows)
    let columns = taps(part.columns, view.width, shownColumns)
    let labelColumns = nearest(part.columns, view.width, shownColumns)
    self.columns = view.isMirrored ? columns.reversed() : columns
    self.labelColumns = view.isMirrored ? labelColumns.reversed() : labelColumns
  }

  /// Writes height × width × 3 values; what the image does not cover is 0, the mean of preprocessed
  /// images.
  func write(
    _ image: Image, preprocessing: Preprocessing, to output: UnsafeMutablePointer<Float>
  ) {
    output.update(repeating: 0, count: height * width * 3)
    switch image.pixels {
    case .bytes(let bytes):
      write(bytes, stride: 3 * image.grid.width, preprocessing, output) { Float($0) }
    case .floats(let floats):
      write(floats, stride: 3 * image.grid.width, preprocessing, output) { $0 }
    }
  }

  @inline(__always)
  private func write<Value>(
    _ pixels: borrowing [Value], stride: Int, _ preprocessing: Preprocessing,
    _ output: UnsafeMutablePointer<Float>, _ number: (Value) -> Float
  ) {
    var line = [Float](repeating: 0, count: 3 * columns.count)
    for (row, tap) in rows.enumerated() {
      let (upper, lower) = (tap.lower * stride, tap.upper * stride)
      for (column, across) in columns.enumerated() {
        let (left, right) = (3 * across.lower, 3 * across.upper)
        for channel in 0..<3 {
          let above = mix(
            number(pixels[upper + left + channel]), number(pixels[upper + right + channel]),
            across.weight)
          let below = mix(
            number(pixels[lower + left + channel]), number(pixels[lower + right + channel]),
            across.weight)
          line[3 * column + channel] = mix(above, below, tap.weight)
        }
      }
      preprocessing.convert(line, columns.count, into: output + 3 * row * width) { $0 }
    }
  }

  @inline(__always)
  private func mix(_ first: Float, _ second: Float, _ weight: Float) -> Float {
    first + weight * (second - first)
  }

  /// Appends height × width labels; what the image does not cover is `void`.
  func append(_ labels: LabelMap, void: UInt16, to output: inout [UInt16]) {
    for row in labelRows {
      let start = row * labels.grid.width
      for column in labelColumns { output.append(labels.labels[start + column]) }
      output.append(contentsOf: repeatElement(void, count: width - labelColumns.count))
    }
    output.append(contentsOf: repeatElement(void, count: width * (height - labelRows.count)))
  }
}
