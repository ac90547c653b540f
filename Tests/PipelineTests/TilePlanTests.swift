import Testing
import Unaries

import MeanField
import Pipeline

@Suite struct TilePlanTests {
  @Test(arguments: [1, 2, 99, 100, 101, 180, 181, 250, 999, 1000])
  func coresCoverTheImageOnceAndTilesOverlap(extent: Int) {
    for overlap in [2, 20, 50] {
      let plan = TilePlan(
        GridShape(width: extent, height: 77), size: TileSize(width: 100, height: 100),
        overlap: overlap)
      #expect(plan.rows == 1)
      var nextCore = 0
      for column in 0..<plan.columns {
        let tile = plan.tile(row: 0, column: column)
        let (whole, core) = (tile.region.columns, tile.core.columns)
        #expect(whole.count == plan.size.width && whole.count <= 100)
        #expect(core.lowerBound == nextCore && whole.clamped(to: core) == core)
        nextCore = core.upperBound
        guard column > 0 else { continue }
        let left = plan.tile(row: 0, column: column - 1).region.columns
        let shared = left.upperBound - whole.lowerBound
        // Tiles start at whole pixels, so that some neighbours share one more.
        #expect(shared == overlap || shared == overlap + 1 || plan.columns == 2)
        // The seam runs through the middle.
        #expect(abs((core.lowerBound - whole.lowerBound) - shared / 2) <= 1)
      }
      #expect(nextCore == extent)
      // One tile less could not do it.
      #expect(plan.columns == 1 || (plan.columns - 1) * (100 - overlap) + overlap < extent)
    }
  }
}
