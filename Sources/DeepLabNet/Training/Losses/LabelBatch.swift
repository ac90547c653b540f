/// The labels of a batch's pixels.
struct LabelBatch: Sendable {
  let height: Int
  let width: Int
  /// Image by image, row by row.
  let labels: [UInt16]

  /// The labels at the positions of scores.
  ///
  /// Where corners are aligned, position i of n lies at pixel i · (size − 1) / (n − 1): every
  /// eighth of an (8k + 1)² crop. Where cells are, the pixel is ⌊(i + ½) · size / n⌋.
  func sampled(height rows: Int, width columns: Int, resize: ScoreResize) -> [UInt16] {
    let y = Self.places(rows, of: height, resize)
    let x = Self.places(columns, of: width, resize)
    let images = labels.count / (height * width)
    var result: [UInt16] = []
    result.reserveCapacity(images * rows * columns)
    for image in 0..<images {
      for row in y {
        let start = (image * height + row) * width
        for column in x { result.append(labels[start + column]) }
      }
    }
    return result
  }

  private static func places(_ count: Int, of size: Int, _ resize: ScoreResize) -> [Int] {
    (0..<count).map { index in
      switch resize {
      case .bilinear(.halfPixel): (2 * index + 1) * size / (2 * count)
      case .bilinear(.aligned):
        count == 1 ? 0 : (2 * index * (size - 1) + count - 1) / (2 * (count - 1))
      case .zoomed(let zoom, let offset): min(size - 1, max(0, index * zoom - offset))
      }
    }
  }
}
