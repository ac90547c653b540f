import Support
import Unaries

extension Workspace {
  /// A workspace with a data set of three photographs in the folder `set`.
  static func trainingSet() throws -> Workspace {
    let workspace = try Workspace()
    var draws = SeededGenerator(seed: 1)
    try workspace.makeFolders("set/images", "set/labels")
    try workspace.write("ground\ndisc\nband\n", as: "set/classes.txt")
    for name in ["a", "b", "c"] {
      // Noise upon the colours: normalisations of even maps make gradients explode.
      var values: [UInt8] = []
      for label in Workspace.truth {
        for channel in 0..<3 {
          let base: UInt8 = channel == Int(label) ? 120 : 60
          values.append(base + UInt8(draws.next() >> 57))
        }
      }
      let image = try Image(width: Workspace.width, height: Workspace.height, rgb: values)
      try PNG.write(image, to: workspace.file("set/images/\(name).png"))
      try workspace.writeTruth("set/labels/\(name).png")
    }
    return workspace
  }
}
