import MeanField

/// DeepLab's two kernels, and few updates.
enum CRFModelOfTests {
  static let model = CRFModel.deepLab(
    spatial: (weight: 3, sigma: 3), bilateral: (weight: 4, spatialSigma: 20, colorSigma: 10),
    iterations: 3)

  /// The same with another weight of colours.
  static func weighing(_ weight: Float) -> CRFModel {
    var model = model
    model.terms[1].compatibility.settings["weight"] = .number(Double(weight))
    return model
  }
}
