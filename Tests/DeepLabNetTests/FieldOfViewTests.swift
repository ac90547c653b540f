import DeepLabNet
import LatticeSupport
import TestSupport
import Testing

@Suite("Fields of view")
struct FieldOfViewTests {
  /// Strides, rates, a pool, a branch and a way back to a finer grid.
  private static func network() -> Network {
    var builder = NetworkBuilder(inputChannels: 3)
    let first = builder.add(
      Convolution(from: 3, to: 4, kernelSize: 3, stride: 2, padding: 1), to: .image, named: "a")
    let active = builder.add(Activation.relu, to: first, named: "relu")
    let pooled = builder.add(
      MaxPool(PoolingGeometry(kernelSize: 3, stride: 1, padding: 1, rounding: .floor)), to: active,
      named: "pool")
    let atrous = builder.add(
      Convolution(from: 4, to: 3, kernelSize: 3, padding: 2, rate: 2), to: pooled, named: "b")
    let dropped = builder.add(Dropout(rate: 0.5), to: atrous, named: "drop")
    let short = builder.add(Convolution(from: 4, to: 3, kernelSize: 1), to: active, named: "c")
    let sum = builder.add(Sum(), to: [dropped, short], named: "sum")
    let scores = builder.add(
      BilinearResize(to: .scaled(by: 2), corners: .halfPixel), to: sum, named: "resize")
    return builder.network(outputs: [("scores", scores)])
  }

  private static let (height, width) = (32, 40)

  private static func image() -> Tensor {
    var generator = SeededGenerator(seed: 3)
    return Tensor(
      TensorShape(height: height, width: width, channels: 3),
      values: (0..<3 * height * width).map { _ in generator.uniform() })
  }

  @Test("the effective field is the gradient, by differences of the score")
  func differences() throws {
    let network = Self.network()
    let parameters = InitialParameters(for: network, seed: 4)
    let image = Self.image()
    let field = try EffectiveField(
      network, parameters: parameters, input: image, row: 15, column: 21, label: 1)
    #expect(field.position == (15, 21))
    let prepared = try PreparedNetwork(
      network, parameters: parameters, height: Self.height, width: Self.width
    ).plan(height: Self.height, width: Self.width)
    func score(_ values: [Float]) throws -> Float {
      try prepared.run(Tensor(image.shape, values: values))[0][0, 15, 21, 1]
    }
    let values = image.values()
    for (row, column) in [(15, 21), (14, 19), (11, 25), (0, 0)] {
      let pixel = row * Self.width + column
      var sum: Float = 0
      for channel in 0..<3 {
        // Between kinks the network is linear: a step this small meets few.
        let step: Float = 1e-3
        var (more, less) = (values, values)
        more[3 * pixel + channel] += step
        less[3 * pixel + channel] -= step
        sum += abs(try score(more) - score(less)) / (2 * step)
      }
      // Differences of float32 scores near 1 are off by 1e-7 / step, once for each channel.
      #expect(abs(sum - field.sensitivities[pixel]) < 1e-3, "(\(column), \(row))")
    }
    #expect(field.side > 1 && field.side < 20)
  }

  @Test("nothing beyond the theoretical field matters, and its rims do")
  func rims() throws {
    let network = Self.network()
    let bounds = try TheoreticalField(
      network, height: Self.height, width: Self.width, row: 15, column: 21)
    // Weights above 0 on an image above 0: every path counts, but for what pools leave out.
    let image = Self.image()
    let prepared = try PreparedNetwork(
      network, parameters: Positive(network: network), height: Self.height, width: Self.width
    ).plan(height: Self.height, width: Self.width)
    func score(_ values: [Float]) throws -> Float {
      try prepared.run(Tensor(image.shape, values: values))[0][0, 15, 21, 0]
    }
    func change(row: Int, column: Int) throws -> Float {
      var values = image.values()
      // Large, so that it wins the pools.
      for channel in 0..<3 { values[3 * (row * Self.width + column) + channel] += 100 }
      return try abs(score(values) - score(image.values()))
    }
    let (rows, columns) = (bounds.rows, bounds.columns)
    for row in 0..<Self.height {
      let found = try (0..<Self.width).map { try change(row: row, column: $0) }
      for (column, change) in found.enumerated() {
        if !rows.contains(row) || !columns.contains(column) { #expect(change == 0) }
      }
      if row == rows.lowerBound || row == rows.upperBound { #expect((found.max() ?? 0) > 0) }
      if row == 15 {
        #expect(found[columns.lowerBound] > 0 && found[columns.upperBound] > 0)
      }
    }
  }

  /// All weights alike.
  private struct Positive: ParameterSource {
    let network: Network

    func values(of name: String) throws -> ParameterValues {
      let parameter = try #require(network.parameters.first { $0.name == name })
      return ParameterValues(
        shape: parameter.specification.shape,
        values: [Float](repeating: 0.1, count: parameter.specification.count))
    }
  }

  @Test("a mean over the whole image sees all of it, and a crop what it is cut from")
  func wholeAndPart() throws {
    var builder = NetworkBuilder(inputChannels: 1)
    let mean = builder.add(GlobalAveragePool(), to: .image, named: "mean")
    let whole = try TheoreticalField(
      builder.network(outputs: [("scores", mean)]), height: 7, width: 9, row: 0, column: 0)
    #expect(whole.rows == 0...6 && whole.columns == 0...8)
    var other = NetworkBuilder(inputChannels: 1)
    let crop = other.add(
      Crop(from: .init(rows: 2, columns: 3), to: .fixed(4)), to: .image, named: "crop")
    let part = try TheoreticalField(
      other.network(outputs: [("scores", crop)]), height: 7, width: 9, row: 1, column: 2)
    #expect(part.rows == 3...3 && part.columns == 5...5)
  }

  @Test("a class that is not scored is refused")
  func label() {
    let network = Self.network()
    let text = errorText {
      _ = try EffectiveField(
        network, parameters: InitialParameters(for: network), input: Self.image(), row: 0,
        column: 0, label: 3)
    }
    #expect(text.contains("no class 3"))
  }
}
