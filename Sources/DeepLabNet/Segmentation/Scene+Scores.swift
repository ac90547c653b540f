import Support
import Unaries

/// What unaries that run networks have in common.
extension Scene {
  /// The scene's image.
  ///
  /// - Throws: `InputError` where there is none.
  func photograph() throws -> Image {
    guard let image else {
      throw InputError(
        .data, "a scene without an image", remedy: "a network needs a photograph to score")
    }
    return image
  }
}

extension Tensor {
  /// The energies of logits that a network has given for a scene: 1 × height × width × classes.
  ///
  /// - Throws: `InputError` where they are not of the scene's size, or not finite.
  func energies(
    for scene: Scene, minimumProbability: Float, parallelism: Parallelism
  ) throws -> EnergyField {
    let array = try NumericArray(
      shape: [shape.height, shape.width, shape.channels], values: values())
    return try ScoreMapUnary(
      array, kind: .logits, layout: .labelsLast, minimumProbability: minimumProbability,
      parallelism: parallelism
    ).energies(for: scene)
  }
}
