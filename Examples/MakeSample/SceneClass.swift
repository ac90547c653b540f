import Unaries

/// What a pixel of the sample shows; the raw value is its label.
enum SceneClass: UInt16, CaseIterable, Sendable {
  case road, pavement, building, sign, tree, grass, sky, car

  /// The label's colour in pictures, those of Cityscapes where it has the class.
  var color: Palette.Color {
    switch self {
    case .road: Palette.Color(128, 64, 128)
    case .pavement: Palette.Color(244, 35, 232)
    case .building: Palette.Color(70, 70, 70)
    case .sign: Palette.Color(220, 220, 0)
    case .tree: Palette.Color(107, 142, 35)
    case .grass: Palette.Color(152, 251, 152)
    case .sky: Palette.Color(70, 130, 180)
    case .car: Palette.Color(0, 0, 142)
    }
  }

  /// The class that a network takes it for most often.
  var lookalike: SceneClass {
    switch self {
    case .road: .pavement
    case .pavement: .road
    case .building: .car
    case .sign: .building
    case .tree: .grass
    case .grass: .tree
    case .sky: .building
    case .car: .building
    }
  }
}
