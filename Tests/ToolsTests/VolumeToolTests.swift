import Formats
import Foundation
import LatticeSupport
import TestSupport
import Testing
import Unaries

/// Volumes from file to file.
struct VolumeToolTests {
  private static let extents = [6, 5, 4]
  private static let count = 120
  private static let rows: [Float] = [2, 0, 0, -10, 0, 3, 0, -20, 0, 0, 4, 5]

  private static let image: [Float] = (0..<count).map { $0 % 6 < 3 ? 40 : 160 }
  private static let scores: [Float] = {
    var generator = SeededGenerator(seed: 11)
    return (0..<2 * count).map { index in
      let isRight = (index % count) % 6 < 3
      return (isRight == (index < count) ? 0.6 : 0) + generator.uniform()
    }
  }()

  private func write(_ file: NIfTIBytes, as name: String, in workspace: Workspace) throws {
    try Data(file.bytes).write(to: URL(fileURLWithPath: workspace.file(name)))
  }

  /// `image.nii` and `scores.nii`, and the same as arrays.
  private func sample(rows: [Float]? = rows) throws -> Workspace {
    let workspace = try Workspace()
    for (name, extents, values) in [
      ("image", Self.extents, Self.image), ("scores", Self.extents + [2], Self.scores),
    ] {
      var file = NIfTIBytes(extents: extents, floats: values)
      file.rows = name == "image" ? rows : Self.rows
      file.spacing = [2, 3, 4]
      try write(file, as: "\(name).nii", in: workspace)
      try NPY.write(
        NumericArray(shape: Array(extents.reversed()), values: values),
        to: workspace.file("\(name).npy"))
    }
    return workspace
  }

  private func kernel(_ spatial: String) -> [String] {
    ["--kernel", "bilateral:weight=3,spatial=\(spatial),color=20"]
  }

  @Test func volumesGiveTheLabelsOfArraysInThePlaceOfTheImage() throws {
    let workspace = try sample()
    let arrays = try workspace.run(
      ["--unary", "scores.npy", "--image", "image.npy", "--output", "a.npy"] + kernel("2"))
    #expect(arrays.status == 0, "\(arrays.errors)")
    let volumes = try workspace.run(
      [
        "--unary", "scores.nii", "--image", "image.nii", "--output", "v.nii.gz", "--marginals",
        "q.nii",
      ] + kernel("2"))
    #expect(volumes.status == 0, "\(volumes.errors)")
    let map = try LabelFile.read(workspace.file("v.nii.gz"))
    #expect(try LabelFile.read(workspace.file("a.npy")) == map)
    #expect(Set(map.labels) == [0, 1])
    let geometry = try NIfTI.read(workspace.file("v.nii.gz")).geometry
    #expect(geometry == (try NIfTI.read(workspace.file("image.nii")).geometry))
    #expect(try NIfTI.read(workspace.file("q.nii")).array.shape == [2, 4, 5, 6])
  }

  /// 12 mm are 6, 4 and 3 voxels: x, y, z.
  @Test func millimetresAreDividedByTheSpacing() throws {
    let workspace = try sample()
    for (name, spatial) in [("mm", "12mm"), ("voxels", "6x4x3")] {
      let run = try workspace.run(
        ["--unary", "scores.nii", "--image", "image.nii", "--marginals", "\(name).npy"]
          + kernel(spatial))
      #expect(run.status == 0, "\(run.errors)")
    }
    #expect(workspace.bytes("mm.npy") == workspace.bytes("voxels.npy"))
    let run = try workspace.run(
      ["--unary", "scores.npy", "--image", "image.npy", "--marginals", "q.npy"] + kernel("12mm"))
    #expect(run.status == 65 || run.status == 64)
    #expect(run.errors.contains("spacing"))
  }

  @Test func volumesOfOtherPlacesAreRefusedUnlessAsked() throws {
    var mirrored = Self.rows
    (mirrored[0], mirrored[3]) = (-2, 0)
    let workspace = try sample(rows: mirrored)
    let arguments =
      ["--unary", "scores.nii", "--image", "image.nii", "--output", "l.nii.gz"] + kernel("2")
    let run = try workspace.run(arguments)
    #expect(run.status == 65 && run.errors.contains("--ignore-placement"), "\(run.errors)")
    #expect(!workspace.exists("l.nii.gz"))
    #expect(try workspace.run(arguments + ["--ignore-placement"]).status == 0)
  }

  @Test func pointsOutsideOfTheMaskHaveNoLabelAndNoInfluence() throws {
    let workspace = try sample()
    let mask = (0..<Self.count).map { Float($0 < 60 ? 1 : 0) }
    var file = NIfTIBytes(extents: Self.extents, floats: mask)
    file.rows = Self.rows
    try write(file, as: "mask.nii", in: workspace)
    let arguments = ["--unary", "scores.npy", "--mask", "mask.nii", "--json"] + kernel("2")
    var labels: [[UInt16]] = []
    for (name, value) in [("one", Float(40)), ("other", 255)] {
      let image = (0..<Self.count).map { mask[$0] > 0 ? Self.image[$0] : value }
      try NPY.write(
        NumericArray(shape: [4, 5, 6], values: image), to: workspace.file("\(name).npy"))
      let run = try workspace.run(
        arguments + ["--image", "\(name).npy", "--output", "\(name).nii.gz"])
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.output.contains("\"left_out\""), "\(run.output)")
      labels.append(try LabelFile.read(workspace.file("\(name).nii.gz")).labels)
    }
    #expect(labels[0] == labels[1])
    #expect(labels[0][..<60].allSatisfy { $0 < 2 } && labels[0][60...].allSatisfy { $0 == 255 })
    let run = try workspace.run(
      arguments + ["--image", "one.npy", "--output", "l.npy", "--step", "majority"])
    #expect(run.status != 0)
  }

  @Test func tilesAreNotCutFromVolumes() throws {
    let workspace = try sample()
    let run = try workspace.run(
      ["--unary", "scores.nii", "--image", "image.nii", "--output", "l.nii.gz", "--tile", "64"]
        + kernel("2"))
    #expect(run.status != 0 && run.errors.contains("leave --tile out"), "\(run.errors)")
  }
}
