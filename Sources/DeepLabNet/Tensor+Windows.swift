extension Tensor {
  /// A part of one image; the tensor itself where that is all of it.
  func window(rows: Range<Int>, columns: Range<Int>) -> Tensor {
    guard rows.count < shape.height || columns.count < shape.width else { return self }
    let part = Tensor(uninitialized: shape.with(height: rows.count, width: columns.count))
    let count = columns.count * shape.channels
    for (index, row) in rows.enumerated() {
      let source = base + (row * shape.width + columns.lowerBound) * shape.channels
      (part.base + index * count).update(from: source, count: count)
    }
    return part
  }

  /// One image with zeros, the mean of preprocessed images, below and to the right.
  package func padded(height: Int, width: Int) -> Tensor {
    guard height > shape.height || width > shape.width else { return self }
    let padded = Tensor(zeros: shape.with(height: height, width: width))
    let count = shape.width * shape.channels
    for row in 0..<shape.height {
      (padded.base + row * width * shape.channels).update(from: base + row * count, count: count)
    }
    return padded
  }

  /// Left and right exchanged.
  func mirrored() -> Tensor {
    let mirror = Tensor(uninitialized: shape)
    let channels = shape.channels
    for row in 0..<shape.batch * shape.height {
      for column in 0..<shape.width {
        let from = (row * shape.width + shape.width - 1 - column) * channels
        (mirror.base + (row * shape.width + column) * channels)
          .update(from: base + from, count: channels)
      }
    }
    return mirror
  }
}
