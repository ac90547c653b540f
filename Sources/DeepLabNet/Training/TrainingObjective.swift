import LatticeSupport

/// The losses of a batch: of the scores at each scale, of the largest of them, of auxiliary heads.
struct TrainingObjective {
  let options: TrainerOptions
  let resize: ScoreResize
  let labels: LabelBatch
  let group: (any TrainingGroup)?
  let parallelism: Parallelism

  /// The losses, and for each scale how their sum changes with each of the network's outputs.
  ///
  /// - Parameter outputs: for each scale the network's outputs, the scores first.
  func evaluate(
    _ outputs: [[Tensor]]
  ) throws -> (parts: [Double], slopes: [[Tensor?]]) {
    var parts: [Double] = []
    var slopes = outputs.map { $0.map { _ -> Tensor? in nil } }
    let share = 1 / Double(options.accumulation)
    for (scale, tensors) in outputs.enumerated() {
      for (index, scores) in tensors.enumerated() {
        let (loss, slope) = try options.loss.value(
          of: scores, labels: labels, resize: resize,
          weight: index == 0 ? share : share * options.auxiliaryWeight, group: group,
          parallelism: parallelism)
        parts.append(loss)
        slopes[scale][index] = slope
      }
    }
    if outputs.count > 1 {
      parts.append(try addFused(outputs.map { $0[0] }, share, &slopes))
    }
    return (parts, slopes)
  }

  /// The loss of the largest scores of all scales, on the finest grid.
  private func addFused(
    _ scores: [Tensor], _ weight: Double, _ slopes: inout [[Tensor?]]
  ) throws -> Double {
    guard let finest = scores.max(by: { $0.shape.positions < $1.shape.positions })?.shape else {
      return 0
    }
    let layer = BilinearResize(
      height: finest.height, width: finest.width, corners: resize.corners)
    let resized = try scores.map { scores in
      scores.shape == finest ? scores : try layer.output(for: [scores], parallelism: parallelism)
    }
    let largest = try ElementwiseMax().output(for: resized, parallelism: parallelism)
    let (loss, slope) = try options.loss.value(
      of: largest, labels: labels, resize: resize, weight: weight, group: group,
      parallelism: parallelism)
    let taken = try ElementwiseMax().backward(
      slope, inputs: resized, output: largest, parameters: [], parallelism: parallelism)
    for (scale, part) in taken.inputs.enumerated() {
      guard let part, let own = slopes[scale][0] else { continue }
      let back =
        scores[scale].shape == finest
        ? part
        : try layer.backward(
          part, inputs: [scores[scale]], output: largest, parameters: [], parallelism: parallelism
        ).inputs[0]
      if let back { own.add(back, parallelism: parallelism) }
    }
    return loss
  }
}

extension Tensor {
  /// The images at another size, whose grid lies as the network's scores do.
  func scaled(by factor: Double, resize: ScoreResize, parallelism: Parallelism) throws -> Tensor {
    guard factor != 1 else { return self }
    return try shape.scaling(by: factor, resize: resize)
      .output(for: [self], parallelism: parallelism)
  }
}

extension TensorShape {
  /// Images of this shape at another size, whose grid lies as the network's scores do.
  func scaled(by factor: Double, resize: ScoreResize) throws -> TensorShape {
    factor == 1 ? self : try scaling(by: factor, resize: resize).outputShape(for: [self])
  }

  /// What makes images of this shape larger or smaller.
  fileprivate func scaling(by factor: Double, resize: ScoreResize) -> BilinearResize {
    if resize.corners == .halfPixel {
      return BilinearResize(to: .scaled(by: factor), corners: .halfPixel)
    }
    func size(_ length: Int) -> Int { Int((Double(length - 1) * factor).rounded()) + 1 }
    return BilinearResize(height: size(height), width: size(width), corners: .aligned)
  }
}
