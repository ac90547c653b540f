import CTIFF
import Formats
import Foundation
import LatticeSupport
import TestSupport
import Testing
import Unaries

/// Rasters and volumes of all kinds against the arrays that other programs read in them.
@Suite(.enabled(if: Shared.isPresent, Shared.absence))
struct FormatFixtureTests {
  private static func takes(_ fixture: FormatFixture) -> Bool {
    // What this reader asks back about is the tools' tests'.
    fixture.expected == "accept" && fixture.equals != nil
      && fixture.options.map { $0 == "default" || $0 == "alpha as a band" } ?? true
  }

  /// Decoders differ by what the index says, and a file may be read as part of float32 only.
  private func compare(_ found: [Float], _ fixture: FormatFixture, mask: PointMask?) throws {
    let expected = try NPY.read(FormatFixture.path(try #require(fixture.equals))).values
    try #require(found.count == expected.count)
    let isVolume = fixture.file.contains("nifti")
    let points = mask?.isCounted ?? []
    for index in found.indices where points.isEmpty || points[index % points.count] {
      let allowed =
        (fixture.tolerance ?? 0) * (isVolume ? abs(expected[index]) : 1)
        + (isVolume ? 1e-6 * abs(expected[index]) + 1e-6 : 0)
      guard !(abs(found[index] - expected[index]) <= allowed) else { continue }
      // Written for people: one is enough.
      Issue.record("number \(index) is \(found[index]), expected \(expected[index])")
      return
    }
  }

  private func compare(_ mask: PointMask?, _ fixture: FormatFixture) throws {
    guard let name = fixture.mask else { return }
    let expected = try NPY.read(FormatFixture.path(name)).values.map { $0 != 0 }
    #expect((mask?.isCounted ?? expected.map { _ in true }) == expected)
  }

  @Test(
    .enabled(if: tiff_is_available(), "libtiff is not installed"),
    arguments: FormatFixture.inFolders("tiff", "geotiff").filter { $0.role == "image" && takes($0) }
  )
  func rastersAreImages(fixture: FormatFixture) throws {
    var reading = RasterReading()
    if fixture.options == "alpha as a band" { reading.alpha = .band }
    let (image, mask): (Image, PointMask?)
    do {
      (image, mask, _) = try TIFF.read(fixture.path, as: reading)
    } catch let error as InputError where fixture.lenient == true {
      #expect(error.place == fixture.path)
      return
    }
    var planes: [Float] = []
    for channel in 0..<image.channels {
      planes += (0..<image.grid.count).map { image[$0, channel] }
    }
    try compare(planes, fixture, mask: mask)
    try compare(mask, fixture)
  }

  @Test(
    .enabled(if: tiff_is_available(), "libtiff is not installed"),
    arguments: FormatFixture.inFolders("tiff", "tiff-labels", "nifti-labels").filter {
      $0.role == "labels" && takes($0)
    })
  func labelsAreNumbers(fixture: FormatFixture) throws {
    let (map, mask, _) = try LabelFile.readMasked(fixture.path, as: LabelReading())
    try compare(map.labels.map { Float($0) }, fixture, mask: mask)
    try compare(mask, fixture)
  }

  @Test(
    .enabled(if: tiff_is_available(), "libtiff is not installed"),
    arguments: FormatFixture.inFolders("tiff-scores", "nifti-scores").filter {
      $0.role == "scores" && takes($0)
    })
  func scoresAreArrays(fixture: FormatFixture) throws {
    let array = try ArrayFile.read(fixture.path)
    let mask = try fixture.mask.map { name in
      let numbers = try NPY.read(FormatFixture.path(name))
      return try PointMask(
        grid: GridShape(numbers.shape), isCounted: numbers.values.map { $0 != 0 })
    }
    try compare(array.values, fixture, mask: mask)
  }

  @Test(arguments: FormatFixture.inFolders("nifti").filter { takes($0) })
  func volumesAreImages(fixture: FormatFixture) throws {
    let volume = try NIfTI.read(fixture.path)
    try compare(volume.array.values, fixture, mask: nil)
  }

  @Test func theListIsThere() {
    #expect(FormatFixture.inFolders("tiff", "geotiff", "nifti").count > 100)
  }
}
