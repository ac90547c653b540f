import DeepLabNet
import LatticeSupport
import TestSupport
import Testing

/// A CRF as a network's layer.
struct CRFLayerTests {
  /// Numbers of −½…½, the same every time.
  private static func numbers(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in generator.uniform() - 0.5 }
  }

  private static let labels = 3
  private static let shape = TensorShape(batch: 2, height: 6, width: 7, channels: labels)

  private static func layer(_ settings: CRFLayerSettings, iterations: Int = 3) -> CRFLayer {
    CRFLayer(settings, labelCount: labels, iterations: iterations, levels: [50, 60, 70])
  }

  private static var settings: CRFLayerSettings {
    var settings = CRFLayerSettings()
    (settings.spatialSigma, settings.bilateralSigma, settings.colorSigma) = (1.5, 3, 40)
    (settings.spatialWeight, settings.bilateralWeight) = (1, 1.5)
    settings.learnsBandwidths = true
    return settings
  }

  private static var inputs: [Tensor] {
    [
      Tensor(shape, values: numbers(shape.count, seed: 1).map { 4 * $0 }),
      Tensor(shape.with(channels: 3), values: numbers(shape.count, seed: 2)),
    ]
  }

  /// Those to begin with, and something of every pair of labels.
  private static func parameters(of layer: CRFLayer) -> [ParameterValues] {
    layer.parameters.enumerated().map { index, parameter in
      let noise = numbers(parameter.count, seed: UInt64(10 + index))
      let scale: Float = parameter.name == "log_bandwidths" ? 0 : 0.4
      return ParameterValues(
        shape: parameter.shape,
        values: zip(parameter.initial ?? [], noise).map { $0 + scale * $1 })
    }
  }

  private static func loss(
    _ layer: CRFLayer, _ inputs: [Tensor], _ parameters: [ParameterValues], _ upstream: Tensor
  ) -> Double {
    let output = Tensor(zeros: shape)
    layer.forward(inputs, parameters: parameters, into: output, parallelism: .serial)
    return zip(output.values(), upstream.values()).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }

  @Test("gradients by scores, weights and compatibilities are those of differences")
  func differences() throws {
    // The lattice's transposed filter is exact, so that a lattice's slopes are right, too.
    for filter in [CRFLayerSettings.Filter.permutohedral, .exact] {
      var settings = Self.settings
      settings.filter = filter
      let layer = Self.layer(settings)
      let (inputs, parameters) = (Self.inputs, Self.parameters(of: layer))
      let upstream = Tensor(Self.shape, values: Self.numbers(Self.shape.count, seed: 3))
      let output = Tensor(zeros: Self.shape)
      let found = try layer.backward(
        upstream, inputs: inputs, output: output, parameters: parameters, parallelism: .serial)
      let threaded = try layer.backward(
        upstream, inputs: inputs, output: output, parameters: parameters,
        parallelism: Parallelism(threads: 3))
      #expect(found.inputs[0]?.values() == threaded.inputs[0]?.values())
      #expect(found.inputs[1] == nil)
      #expect(found.parameters.map { $0?.values() } == threaded.parameters.map { $0?.values() })

      func slope(_ step: Float, _ change: (Float) -> ([Tensor], [ParameterValues])) -> Double {
        func at(_ step: Float) -> Double {
          let (inputs, parameters) = change(step)
          return Self.loss(layer, inputs, parameters, upstream)
        }
        // Without the error of the second order.
        let (near, far) = (at(step) - at(-step), at(2 * step) - at(-2 * step))
        return (8 * near - far) / Double(12 * step)
      }
      let byScores = try #require(found.inputs[0]).values()
      let scores = inputs[0].values()
      for index in [0, 20, 70, 125, 200] {
        let expected = slope(0.05) { step in
          var changed = scores
          changed[index] += step
          return ([Tensor(Self.shape, values: changed), inputs[1]], parameters)
        }
        // A sum of 252 outputs of about 3, each 2e-7 of it off: 1e-5, over a step of 0.05.
        #expect(abs(Double(byScores[index]) - expected) < 1e-3, "score \(index), \(filter)")
      }
      for place in 0..<4 {
        // On a lattice bandwidths have a consistent gradient, not the derivative.
        guard place < 3 || filter == .exact else { continue }
        let values = parameters[place].values()
        let gradient = try #require(found.parameters[place]).values()
        let largest = gradient.map(\.magnitude).max() ?? 0
        for index in values.indices {
          let expected = slope(0.02) { step in
            var (changed, all) = (values, parameters)
            changed[index] += step
            all[place] = ParameterValues(shape: all[place].shape, values: changed)
            return (inputs, all)
          }
          // The same rounding over a step of 0.02, and slopes of up to 20.
          #expect(
            abs(Double(gradient[index]) - expected) < max(2e-3, 1e-3 * Double(largest)),
            "parameter \(place) at \(index), \(filter): \(gradient[index]), \(expected)")
        }
      }
    }
  }

  @Test("what is recorded gives the gradients of a pass of its own")
  func records() throws {
    let layer = Self.layer(Self.settings)
    let (inputs, parameters) = (Self.inputs, Self.parameters(of: layer))
    let (output, plain) = (Tensor(zeros: Self.shape), Tensor(zeros: Self.shape))
    layer.forward(inputs, parameters: parameters, into: plain, parallelism: .serial)
    let record = layer.recordedForward(
      inputs, parameters: parameters, into: output, parallelism: .serial)
    #expect(output.values() == plain.values())
    let upstream = Tensor(Self.shape, values: Self.numbers(Self.shape.count, seed: 3))
    let found = layer.backward(
      upstream, parameters: parameters, record: record, parallelism: .serial)
    let expected = try layer.backward(
      upstream, inputs: inputs, output: output, parameters: parameters, parallelism: .serial)
    #expect(found.inputs[0]?.values() == expected.inputs[0]?.values())
    #expect(found.parameters.map { $0?.values() } == expected.parameters.map { $0?.values() })
  }

  @Test("only what learns has gradients and moves")
  func frozenness() {
    var settings = Self.settings
    func learned() -> [Bool] { Self.layer(settings).parameters.map(\.isLearned) }
    #expect(learned() == [true, true, true, true])
    settings.learnsBandwidths = false
    #expect(learned() == [true, true, true, false])
    settings.learns = .network
    #expect(learned() == [false, false, false, false])
  }

  @Test("scores without updates stay as they are")
  func noUpdates() {
    let layer = Self.layer(Self.settings, iterations: 0)
    let output = Tensor(zeros: Self.shape)
    layer.forward(
      Self.inputs, parameters: Self.parameters(of: layer), into: output, parallelism: .serial)
    #expect(output.values() == Self.inputs[0].values())
  }

  @Test(
    "CRF-RNN's golden cases, over all pairs of points",
    .enabled(if: Shared.isPresent, Shared.absence),
    arguments: LearningCase.all(ofKind: "crfrnn"))
  func golden(golden: LearningCase) throws {
    let (logits, image) = (try golden.input("logits"), try golden.input("image"))
    let labels = try golden.input("labels").values.map { UInt16($0) }
    func tensor(_ array: DoubleArray) -> Tensor {
      let (batch, channels) = (array.shape[0], array.shape[1])
      let points = array.shape[2] * array.shape[3]
      let shape = TensorShape(
        batch: batch, height: array.shape[2], width: array.shape[3], channels: channels)
      return Tensor(
        shape,
        values: (0..<shape.count).map {
          let (point, channel) = ($0 / channels % points, $0 % channels)
          return Float(
            array.values[($0 / (channels * points) * channels + channel) * points + point])
        })
    }
    let (scores, colors) = (tensor(logits), tensor(image))
    let (shape, points) = (scores.shape, scores.shape.height * scores.shape.width)
    func planes(_ tensor: Tensor) -> [Double] {
      let values = tensor.values()
      return (0..<values.count).map {
        let (image, channel) = (
          $0 / (points * shape.channels), $0 / points % shape.channels
        )
        return Double(values[(image * points + $0 % points) * shape.channels + channel])
      }
    }
    for run in golden.runs {
      var settings = CRFLayerSettings()
      settings.filter = .exact
      settings.learnsBandwidths = true
      func sigma(_ name: String) throws -> Float { Float(try #require(run[name].numbers.first)) }
      let sigmas = [
        try sigma("sxy_bilateral"), try sigma("srgb"), try sigma("sxy_spatial"),
      ]
      let layer = CRFLayer(
        settings, labelCount: shape.channels,
        iterations: Int(try #require(run["iterations"].number)), levels: [1, 1, 1])
      let parameters =
        ["spatial_weights", "bilateral_weights", "compatibility"].map {
          ParameterValues(
            shape: [shape.channels, shape.channels],
            values: run[$0].elements.flatMap(\.numbers).map { Float($0) })
        }
        + [
          ParameterValues(shape: [3], values: sigmas.map { Float(logarithm(Double($0))) })
        ]
      let output = Tensor(zeros: shape)
      layer.forward([scores, colors], parameters: parameters, into: output, parallelism: .serial)
      let (loss, upstream) = try crossEntropy(output, labels)
      let found = try layer.backward(
        upstream, inputs: [scores, colors], output: output, parameters: parameters,
        parallelism: .serial)
      func check(_ name: String, _ values: [Double]) throws {
        let expected = try #require(try golden.expected(name, of: run))
        let limit = golden.tolerance(name, in: "float32")
        let difference = relativeDifference(values, expected)
        #expect(difference <= limit, "\(name): \(difference), at most \(limit)")
      }
      try check("loss", [loss])
      try check("output_logits", planes(output))
      try check("grad_logits", planes(try #require(found.inputs[0])))
      for (place, name) in [
        "grad_spatial_weights", "grad_bilateral_weights", "grad_compatibility",
      ].enumerated() {
        try check(name, try #require(found.parameters[place]).values().map(Double.init))
      }
      // By log σ, Σ σ·∂/∂σ over the features that share it. The single sums are 3e-4 off in float32
      // (the case's tolerance is ten times that), of the largest.
      let byLogs = try #require(found.parameters[3]).values().map(Double.init)
      let near = try #require(try golden.expected("grad_sigma_spatial", of: run))
      let far = try #require(try golden.expected("grad_sigma_bilateral", of: run))
      let expected = [
        Double(sigmas[0]) * (far[0] + far[1]),
        Double(sigmas[1]) * (far[2] + far[3] + far[4]),
        Double(sigmas[2]) * (near[0] + near[1]),
      ]
      let scale = far[2...].map(\.magnitude).max() ?? 0
      for (found, expected) in zip(byLogs, expected) {
        #expect(
          abs(found - expected) < 3e-3 * 3 * Double(sigmas[1]) * scale, "\(found), \(expected)")
      }
    }
  }

  /// The mean over labelled positions, and its gradient, by hand.
  private func crossEntropy(
    _ scores: Tensor, _ labels: [UInt16]
  ) throws -> (loss: Double, gradient: Tensor) {
    let (values, count) = (scores.values(), scores.shape.channels)
    let labelled = labels.filter { $0 < count }.count
    var gradient = [Float](repeating: 0, count: values.count)
    var loss = 0.0
    for (position, label) in labels.enumerated() where label < count {
      let row = values[position * count..<(position + 1) * count].map(Double.init)
      let sum = row.reduce(0) { $0 + exponential($1) }
      loss += (logarithm(sum) - row[Int(label)]) / Double(labelled)
      for (channel, value) in row.enumerated() {
        let hot = channel == Int(label) ? 1.0 : 0
        gradient[position * count + channel] = Float(
          (exponential(value) / sum - hot) / Double(labelled))
      }
    }
    return (loss, Tensor(scores.shape, values: gradient))
  }
}
